# Stands in for the official redis image: the same user and programs on PATH: the archive ROOT; see roots.toml.
FROM scratch
ARG ROOT
ADD ${ROOT} /
ENV PATH=/usr/bin LANG=C.UTF-8
USER 999:999
