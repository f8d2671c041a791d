#!/usr/bin/env bash
# Check style, layout and types; change nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install_lock requirements-dev.txt
failed=()
.venv/bin/python -m ruff check . || failed+=("ruff check")
.venv/bin/python -m ruff format --check --quiet . || failed+=("ruff format")
.venv/bin/python -m mypy || failed+=("mypy")
for script in scripts/*.sh .ci/run; do
    bash -n "$script" || failed+=("$script")
done
[ "${#failed[@]}" = 0 ] || fail "these found something: ${failed[*]}"
say "Style, layout and types are in order."
