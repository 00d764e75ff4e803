"""The test kit of the services: a pytest plugin with real servers, and fakes of services."""

import os

# Before gRPC is imported. Its fork handlers can crash a child process that starts while a call is in progress.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
