# Finds a PostgreSQL server for the tests, or starts a private one that ends with the script.
# Meant to be sourced after common.sh.

private_server=""

# Exports TEST_DATABASE_URL, or returns false and leaves the reason in $left_out_because.
use_postgresql() {
    local found
    if found=$(.venv/bin/python -m tests.support.databases 2>/dev/null); then
        export TEST_DATABASE_URL=$found
        return
    fi
    if [ -n "${TEST_DATABASE_URL:-}" ]; then
        left_out_because="nothing answers at TEST_DATABASE_URL"
        return 1
    fi
    if ! postgresql_programs >/dev/null; then
        may_install && install_packages postgresql || true
    fi
    if ! postgresql_programs >/dev/null; then
        left_out_because="no server answers at 127.0.0.1:5432, and initdb is not installed"
        return 1
    fi
    start_private_server
}

# Prints the folder that holds initdb and pg_ctl, the newest where there are several.
postgresql_programs() {
    local folder
    for folder in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV); do
        [ -x "$folder/initdb" ] && printf '%s\n' "$folder" && return
    done
    folder=$(command -v initdb) && dirname "$folder"
}

# The server refuses to run as root.
as_server_user() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

start_private_server() {
    local programs port
    programs=$(postgresql_programs)
    port=$(.venv/bin/python -c 'import socket; s = socket.create_server(("127.0.0.1", 0));
print(s.getsockname()[1])')
    private_server=$(mktemp -d /tmp/portico-postgresql.XXXXXX)
    if [ "$(id -u)" = 0 ] && ! chown postgres "$private_server" 2>/dev/null; then
        left_out_because="there is no user postgres to run the server"
        return 1
    fi
    say "Starting a private PostgreSQL on port $port …"
    # What a crash would lose does not matter here, so nothing waits for the disk.
    if ! { as_server_user "$programs/initdb" --pgdata="$private_server/data" --username=postgres \
        --auth=trust --encoding=UTF8 --no-locale --no-sync &&
        as_server_user "$programs/pg_ctl" --pgdata="$private_server/data" --wait \
            --log="$private_server/log" --options="-p $port -k $private_server \
-c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off" \
            start; } >"$private_server/start" 2>&1; then
        tail -n 5 "$private_server/start" >&2
        left_out_because="the private server did not start (see above)"
        return 1
    fi
    export TEST_DATABASE_URL="postgresql://postgres@127.0.0.1:$port/postgres"
}

stop_private_server() {
    [ -n "$private_server" ] || return 0
    if [ -e "$private_server/data/postmaster.pid" ]; then
        as_server_user "$(postgresql_programs)/pg_ctl" --pgdata="$private_server/data" \
            --mode=immediate --wait stop >/dev/null 2>&1 || true
    fi
    rm -rf "$private_server"
    private_server=""
}
