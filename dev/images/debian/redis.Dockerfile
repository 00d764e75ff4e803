# Stands in for the official redis image: the same user and programs on PATH. ROOT is an archive; see roots.toml.
FROM scratch
ARG ROOT
ADD ${ROOT} /
ENV PATH=/usr/bin
USER 999:999
