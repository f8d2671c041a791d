#!/usr/bin/env bash
# Run the tests on SQLite, on PostgreSQL and in a browser, or only on those that are named.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. scripts/postgresql.sh

logs=$(mktemp -d)
trap 'stop_private_server; rm -rf "$logs"' EXIT
summary=()
passed=0 failed=0 skipped=0
status=0
left_out_because=""
in_browser=(tests/browser tests/journeys)

main() {
    install_lock requirements-dev.txt
    clear_settings
    local part
    [ "$#" != 0 ] || set -- sqlite postgresql browser
    for part in "$@"; do
        "on_$part"
    done
    close
}

# The tests must not meet the settings of whoever runs them.
clear_settings() {
    unset DATABASE_URL SECRET_KEY SECRET_KEY_FALLBACKS PUBLIC_URL SMTP_URL MAIL_FROM DELIVERER \
        TRUSTED_PROXIES WEB_CONCURRENCY MAX_UPLOAD_MB LOG_LEVEL FLASK_DEBUG DYNO RENDER
    export APP_ENV=test
}

on_sqlite() {
    TEST_DATABASE=sqlite run_pytest SQLite "${in_browser[@]/#/--ignore=}"
}

on_postgresql() {
    if use_postgresql; then
        TEST_DATABASE=postgresql run_pytest PostgreSQL "${in_browser[@]/#/--ignore=}"
    else
        leave_out PostgreSQL
    fi
}

on_browser() {
    local folder folders=()
    for folder in "${in_browser[@]}"; do
        if compgen -G "$folder/test_*.py" >/dev/null; then folders+=("$folder"); fi
    done
    if use_chromium; then
        TEST_DATABASE=sqlite run_pytest Browser --dist loadgroup "${folders[@]:-tests/browser}"
    else
        leave_out Browser
    fi
}

# Exports CHROMIUM, or returns false and leaves the reason in $left_out_because.
use_chromium() {
    find_chromium && return
    may_install && install_packages chromium && find_chromium && return
    left_out_because="Chromium is not installed (on Debian: apt-get install chromium)"
    return 1
}

find_chromium() {
    local name
    for name in "${CHROMIUM:-}" /usr/bin/chromium chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && "$name" --version >/dev/null 2>&1; then
            CHROMIUM=$(command -v "$name")
            export CHROMIUM
            return
        fi
    done
    return 1
}

run_pytest() {
    local name=$1 log="$logs/$1" closing result=0
    shift
    say ""
    say "== $name"
    .venv/bin/python -m pytest --color=no -n "$(workers)" "$@" </dev/null 2>&1 | tee "$log" ||
        result=$?
    closing=$(grep -E '^=+ .* in [0-9.]+s' "$log" | tail -n 1 | tr -d '=' | sed 's/^ *//; s/ *$//')
    passed=$((passed + $(number_of passed "$closing")))
    failed=$((failed + $(number_of failed "$closing") + $(number_of 'errors?' "$closing")))
    skipped=$((skipped + $(number_of skipped "$closing")))
    if [ "$result" != 0 ]; then
        status=1
        closing="FAILED: ${closing:-pytest ended with $result before it had a result}"
    fi
    summary+=("$(printf '%-12s %s' "$name" "$closing")")
}

workers() {
    local cores
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
    printf '%s\n' "${TEST_WORKERS:-$((cores > 4 ? 4 : cores))}"
}

number_of() {
    printf '%s\n' "$2" | grep -oE "[0-9]+ $1" | grep -oE '[0-9]+' || echo 0
}

leave_out() {
    summary+=("$(printf '%-12s LEFT OUT: %s.' "$1" "$left_out_because")")
    [ "${CI:-}" != true ] || status=1
}

close() {
    say ""
    printf '%s\n' "${summary[@]}"
    if printf '%s\n' "${summary[@]}" | grep -q 'LEFT OUT'; then
        printf '%s\n' "" "!! NOT EVERYTHING WAS TESTED: see what was left out, above."
        [ "${CI:-}" != true ] || printf '%s\n' "!! Under CI=true that is a failure."
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    exit "$status"
}

main "$@"
