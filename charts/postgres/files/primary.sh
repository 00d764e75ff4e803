#!/bin/sh
# Starts the primary. Creates the database if there is none, and sets the roles' passwords to those of the Secret.
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
chmod 0700 "$PGDATA" # fsGroup may have made it accessible to the group, and Postgres then refuses to start

# No client can connect before the roles have their passwords.
pg_ctl --silent --wait --timeout 600 --options "$settings -c listen_addresses=''" start
psql --no-psqlrc --quiet --username postgres --dbname postgres --set ON_ERROR_STOP=1 \
    --set database="$PGDATABASE" --set app="$PGUSER" --file "$config/roles.sql"
pg_ctl --silent --wait --mode fast stop

# shellcheck disable=SC2086 # contains several arguments
exec postgres $settings
