#!/bin/sh
# Starts the primary: makes the database where there is none, and has the roles take the Secret's passwords.
set -eu
umask 077
config=$(dirname "$0")
settings="-c config_file=$config/postgresql.conf -c hba_file=$config/pg_hba.conf -c unix_socket_directories=$PGHOST"

if [ ! -d "$PGDATA" ]; then
    rm -rf "$PGDATA.unfinished"
    initdb --pgdata "$PGDATA.unfinished" --username postgres --encoding UTF8 --locale C.UTF-8 --data-checksums \
        --no-instructions
    mv "$PGDATA.unfinished" "$PGDATA"
fi
chmod 0700 "$PGDATA" # a volume's fsGroup may have opened it to the group, which the server refuses

# No client can connect until the roles are as they are to be.
pg_ctl --silent --wait --timeout 600 --options "$settings -c listen_addresses=''" start
psql --no-psqlrc --quiet --username postgres --dbname postgres --set ON_ERROR_STOP=1 \
    --set database="$PGDATABASE" --set app="$PGUSER" --file "$config/roles.sql"
pg_ctl --silent --wait --mode fast stop

# shellcheck disable=SC2086 # several arguments
exec postgres $settings
