#!/usr/bin/env bash
# Take the pictures of docs/screens/ from a throw-away demo; names of pages take only those.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install_lock requirements-dev.txt
exec .venv/bin/python scripts/screens.py "$@"
