#!/bin/sh
# Starts Redis. It is a replica if PRIMARY is set ("host port"). Redis reads the passwords from standard input, so that
# they are in no process list and no file. Arguments are settings, such as `--maxmemory 64mb`.
set -eu

case $APP_PASSWORD$REPLICATION_PASSWORD in
*[!A-Za-z0-9._~-]*)
    echo "A password in the Secret may contain only letters, digits, and ._~-" >&2
    exit 1
    ;;
esac
hash() {
    printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

exec redis-server "$(dirname "$0")/redis.conf" "$@" - <<EOF
user default reset
user $APP_USER on #$(hash "$APP_PASSWORD") ~* &* +@all -@admin -@dangerous +info
user replication on #$(hash "$REPLICATION_PASSWORD") +psync +replconf +ping
masteruser replication
masterauth $REPLICATION_PASSWORD
${PRIMARY:+replicaof $PRIMARY}
EOF
