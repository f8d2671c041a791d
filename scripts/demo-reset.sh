#!/usr/bin/env bash
# Throw the demo's SQLite database away and load the demo anew.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ -z "${DATABASE_URL:-}" ] || fail "DATABASE_URL is set, and this only resets the demo's own file" \
    "instance/portico.db. Unset it, or reset that database by hand."
for pid_file in instance/server-*.pid; do
    if [ -e "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; then
        fail "the server still runs (process $(cat "$pid_file")). End it with Ctrl-C in its" \
            "window, then try again."
    fi
done

install_lock requirements.txt
rm -f instance/portico.db instance/portico.db-wal instance/portico.db-shm instance/server-*.pid
mkdir -p instance
.venv/bin/python -m flask db upgrade >&2
.venv/bin/python -m flask load-demo >&2
.venv/bin/python -m flask demo-users
say "The demo starts over. Run: make run"
