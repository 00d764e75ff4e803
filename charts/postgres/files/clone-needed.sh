#!/bin/sh
# Succeeds if this replica has to clone the primary: it has no copy, or a copy that can never catch up. Such a copy is
# of another database or timeline, is ahead of the primary, or lacks WAL that the primary no longer keeps.
# Fails if the primary does not respond, so that clients can still read the copy.
set -u
[ -d "$PGDATA" ] || exit 0
slot_name=$(echo "$POD_NAME" | tr - _)

ask_primary() {
    psql --no-psqlrc --tuples-only --no-align --command "$1" "$PRIMARY replication=true connect_timeout=3" 2>/dev/null
}

# Prints a WAL position, such as "0/3000148", as a number.
position() {
    echo $((0x${1%/*} * 0x100000000 + 0x${1#*/}))
}

identity=$(ask_primary IDENTIFY_SYSTEM) || exit 1
slot=$(ask_primary "READ_REPLICATION_SLOT $slot_name") || exit 1
IFS='|'
# shellcheck disable=SC2086 # splits into fields
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
    echo "The primary no longer keeps the WAL that this copy lacks" >&2
elif [ "$(field 'Database system identifier')" != "$primary_system" ]; then
    echo "The primary is not the database that this copy was made from" >&2
elif [ "$(field "Latest checkpoint's TimeLineID")" != "$primary_timeline" ]; then
    echo "The primary is on another timeline than this copy" >&2
elif [ "$(position "$(field 'Minimum recovery ending location')")" -gt "$(position "$primary_position")" ]; then
    echo "The primary was restored to a state before this copy" >&2
else
    exit 1
fi
