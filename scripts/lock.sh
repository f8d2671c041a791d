#!/usr/bin/env bash
# Renew requirements.txt and requirements-dev.txt from the two .in files, exact and with hashes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install_lock requirements-dev.txt

lock() {
    .venv/bin/python -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links "$1" --output-file "$2" >/dev/null
    local body
    body=$(cat "$2")
    printf '# Made from %s by `make lock`; do not edit by hand.\n%s\n' "$1" "$body" >"$2"
}

lock requirements.in requirements.txt
lock requirements-dev.in requirements-dev.txt
if grep -nE '://|^--(index|extra-index|find-links|trusted-host)' requirements.txt requirements-dev.txt; then
    fail "the lock names an address of a package registry (see above); it must not."
fi
say "requirements.txt and requirements-dev.txt are renewed; run \`make test\` before you commit them."
