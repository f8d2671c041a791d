# What the scripts share: words, a Python that is new enough, the virtual environment.
# Meant to be sourced; it goes to the project's folder, so a script may be called from anywhere.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    printf '\nStopped: %s\n' "$*" >&2
    exit 1
}

# Debian's packages may be installed here without asking anybody.
may_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

install_packages() {
    say "Installing $* …"
    local log
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# A name on the PATH may be a stand-in that only prints an error, so each is tried.
find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    local base version
    base=$(find_python) || fail "Python 3.11 or newer is needed and none was found. Install it" \
        "(on Debian: apt-get install python3 python3-venv) and try again."
    say "Making a virtual environment with $("$base" --version) …"
    if ! "$base" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        may_install && install_packages "python$version-venv" ||
            fail "this Python cannot make virtual environments. On Debian:" \
                "apt-get install python$version-venv"
    fi
    "$base" -m venv --clear .venv
}

# Installs one of the two locks into .venv, unless it is what stands there already.
install_lock() {
    local lock=$1 log stamp=".venv/installed-$1"
    .venv/bin/python -c '' >/dev/null 2>&1 || make_venv
    cmp -s "$lock" "$stamp" && return
    say "Installing what $lock names …"
    log=$(mktemp)
    if ! .venv/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes \
        -r "$lock" >"$log" 2>&1; then
        grep -v '^WARNING' "$log" >&2 || true
        rm -f "$log"
        fail "the libraries of $lock could not be installed (see above). Is the network there?"
    fi
    rm -f "$log"
    cp "$lock" "$stamp"
}
