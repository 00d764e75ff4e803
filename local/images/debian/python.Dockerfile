# The base of the services' images, made of Debian packages: the archive ROOT; see roots.toml.
FROM scratch
ARG ROOT
ADD ${ROOT} /
ENV PATH=/usr/bin LANG=C.UTF-8
USER 65532:65532
