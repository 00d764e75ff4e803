#!/bin/sh
# Starts a read replica. Clones the primary first if there is no copy, or one that can never catch up.
set -eu
umask 077
config=$(dirname "$0")
slot_name=$(echo "$POD_NAME" | tr - _)

if "$config/clone-needed.sh"; then
    until pg_isready --quiet --dbname "$PRIMARY replication=true"; do
        echo "Waiting for the primary to respond: $PRIMARY" >&2
        sleep 1
    done
    rm -rf "$PGDATA" "$PGDATA.unfinished"
    # The slot of an earlier copy would keep WAL that nobody fetches. It may not exist.
    psql --no-psqlrc --quiet --command "DROP_REPLICATION_SLOT $slot_name WAIT" "$PRIMARY replication=true" \
        2>/dev/null || true
    pg_basebackup --dbname "$PRIMARY" --no-password --pgdata "$PGDATA.unfinished" \
        --create-slot --slot "$slot_name" --checkpoint fast
    mv "$PGDATA.unfinished" "$PGDATA"
fi
chmod 0700 "$PGDATA" # fsGroup may have made it accessible to the group, and Postgres then refuses to start
touch "$PGDATA/standby.signal"

exec postgres -c config_file="$config/postgresql.conf" -c hba_file="$config/pg_hba.conf" \
    -c unix_socket_directories="$PGHOST" \
    -c primary_conninfo="$PRIMARY application_name=$POD_NAME" -c primary_slot_name="$slot_name"
