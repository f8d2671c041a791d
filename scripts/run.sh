#!/usr/bin/env bash
# Start Portico with its demo: environment, database, demo data, server. A second run keeps the data.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

export PORT=${PORT:-8000}
install_lock requirements.txt
.venv/bin/python scripts/announce.py --check-port ||
    fail "port $PORT is in use. Choose another one: make run PORT=$((PORT + 1))"
mkdir -p instance
.venv/bin/python -m flask db upgrade >&2
.venv/bin/python -m flask load-demo >&2

# The users are printed as the last thing, once the server answers; exec keeps Ctrl-C simple.
users=$(.venv/bin/python -m flask demo-users)
printf '%s\n' "$users" | .venv/bin/python scripts/announce.py --wait-for "$$" &
exec .venv/bin/python -m gunicorn -c gunicorn.conf.py --pid "instance/server-$PORT.pid" \
    'app:create_app()'
