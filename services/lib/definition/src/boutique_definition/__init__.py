"""The format of service.yaml, for programs that deploy or run services."""
