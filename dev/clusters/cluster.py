"""The interface of the clusters: an existing one, kind, or one that another package provides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from dev.progress import Progress

NODE_PORTS: Final = range(30080, 30084)
"""Ports for external services. Every cluster serves them on the loopback address."""


class Cluster(Protocol):
    """A Kubernetes cluster on this machine. Its methods raise ActionableError if they fail."""

    def start(self, progress: Progress) -> Path:
        """Starts the cluster unless it runs. Returns its kubeconfig once pods can run.

        Continues from the state that an interrupted run left.
        """

    def load_images(self, archive: Path) -> None:
        """Loads the images of an OCI archive into the node."""

    def name_images(self, names: Mapping[str, str]) -> None:
        """Gives each image on the node, by its reference, a second reference."""

    def machine_address(self) -> str:
        """Returns the IPv4 address at which pods reach this machine."""

    def stop(self, progress: Progress) -> None:
        """Removes everything that `start` created. The error lists what is left."""

    def describe(self) -> str:
        """Returns one line: the cluster, why it was chosen, and what it cannot do that others can."""
