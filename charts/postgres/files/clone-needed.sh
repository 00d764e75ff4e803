#!/bin/sh
# Succeeds if this replica has no copy of the primary, or one that can never catch up: of another database, of another
# timeline, ahead of the primary, or missing what the primary no longer keeps. A primary that does not answer proves
# nothing: the copy goes on being read.
set -u
[ -d "$PGDATA" ] || exit 0
slot_name=$(echo "$POD_NAME" | tr - _)

ask_primary() {
    psql --no-psqlrc --tuples-only --no-align --command "$1" "$PRIMARY replication=true connect_timeout=3" 2>/dev/null
}

# "0/3000148" as a number
position() {
    echo $((0x${1%/*} * 0x100000000 + 0x${1#*/}))
}

identity=$(ask_primary IDENTIFY_SYSTEM) || exit 1
slot=$(ask_primary "READ_REPLICATION_SLOT $slot_name") || exit 1
IFS='|'
# shellcheck disable=SC2086 # split into fields
set -- $identity
primary_system=$1 primary_timeline=$2 primary_position=$3
# shellcheck disable=SC2086
set -- $slot
kept_from=${2:-}
unset IFS

copy=$(LC_ALL=C pg_controldata) || exit 1
field() {
    echo "$copy" | while IFS= read -r line; do
        case $line in "$1:"*) echo "${line##* }" ;; esac
    done
}

if [ -z "$kept_from" ]; then
    echo "The primary no longer keeps what this copy is missing" >&2
elif [ "$(field 'Database system identifier')" != "$primary_system" ]; then
    echo "The primary is another database than this copy was made of" >&2
elif [ "$(field "Latest checkpoint's TimeLineID")" != "$primary_timeline" ]; then
    echo "The primary is on another timeline than this copy" >&2
elif [ "$(position "$(field 'Minimum recovery ending location')")" -gt "$(position "$primary_position")" ]; then
    echo "The primary was taken back to before this copy" >&2
else
    exit 1
fi
