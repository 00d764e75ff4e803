#!/bin/sh
# Succeeds if this replica responds and can catch up. Otherwise Kubernetes restarts it, and it clones the primary again.
pg_isready --quiet --host 127.0.0.1 && ! "$(dirname "$0")/clone-needed.sh"
