"""What runs in CircleCI, and when: found from what the repository holds and from what has changed."""
