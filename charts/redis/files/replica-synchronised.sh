#!/bin/sh
# Succeeds if this replica is connected to its primary. Arguments are options of redis-cli.
case $(redis-cli --user "$APP_USER" "$@" info replication) in
*master_link_status:up*) ;;
*) exit 1 ;;
esac
