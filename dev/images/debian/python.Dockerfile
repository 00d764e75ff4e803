# The base of the services' images, made of Debian packages. ROOT is an archive; see roots.toml.
FROM scratch
ARG ROOT
ADD ${ROOT} /
ENV PATH=/usr/bin
USER 65532:65532
