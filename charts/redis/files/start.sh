#!/bin/sh
# Starts Redis, as a replica where PRIMARY names one ("host port"). The passwords reach it by standard input, so that
# no process list and no file has them. Arguments are settings, such as `--maxmemory 64mb`.
set -eu

case $APP_PASSWORD$REPLICATION_PASSWORD in
*[!A-Za-z0-9._~-]*)
    echo "A password in the Secret has other characters than letters, digits and any of ._~-" >&2
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
