#!/bin/sh
# Succeeds if this replica answers and can go on being one; else it is to be started anew, which makes a new copy.
pg_isready --quiet --host 127.0.0.1 && ! "$(dirname "$0")/clone-needed.sh"
