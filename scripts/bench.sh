#!/usr/bin/env bash
# Fill a throw-away SQLite file, a tenth of the data set by default, and measure pages on it.
# Usage: scripts/bench.sh [SCALE]; needs wrk. docs/performance.md says how to read what it prints.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v wrk >/dev/null || fail "Install wrk first (Debian: apt-get install wrk)."
install_lock requirements-dev.txt
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
url="sqlite:///$folder/bench.db"
.venv/bin/python bench/data.py --url "$url" --scale "${1:-0.1}" --resellers 1
.venv/bin/python bench/pages.py --url "$url"
.venv/bin/python bench/work.py process --url "$url"
.venv/bin/python bench/work.py visit --url "$url"
