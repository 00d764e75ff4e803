# Stands in for the official rclone image: the program alone, which needs nothing beside it.
FROM scratch
COPY rclone /usr/local/bin/rclone
ENTRYPOINT ["/usr/local/bin/rclone"]
