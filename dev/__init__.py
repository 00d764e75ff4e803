"""What a developer needs on this machine: tools, clusters, image builds, and the shop as plain processes."""
