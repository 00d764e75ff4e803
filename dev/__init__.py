"""Tools, clusters, image builds, and the shop as plain processes, for developers on this machine."""
