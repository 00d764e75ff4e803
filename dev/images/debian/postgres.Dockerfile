# Stands in for the official postgres image: the same user, programs on PATH, and signal. ROOT is the archive of the root
# file system; see roots.toml.
FROM scratch
ARG ROOT
ADD ${ROOT} /
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin LANG=C.UTF-8
USER 999:999
STOPSIGNAL SIGINT
