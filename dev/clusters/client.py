"""Clients of the Kubernetes API."""

from pathlib import Path

from lightkube import AsyncClient, Client, KubeConfig


def connect(kubeconfig: Path, namespace: str) -> Client:
    """Returns a client of a kubeconfig's current context."""
    # A proxy that the environment names is not for a cluster on this machine.
    return Client(KubeConfig.from_file(kubeconfig), namespace=namespace, trust_env=False)


def connect_async(kubeconfig: Path, field_manager: str) -> AsyncClient:
    """Returns a client that applies objects as this field manager."""
    return AsyncClient(KubeConfig.from_file(kubeconfig), field_manager=field_manager, trust_env=False)
