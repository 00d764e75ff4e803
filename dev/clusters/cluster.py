"""What the rest asks of a cluster, whichever of the three ways it is had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from dev.progress import Progress

NODE_PORTS: Final = range(30080, 30084)
"""For external services: every cluster answers them on the loopback address."""


class Cluster(Protocol):
    def start(self, progress: Progress) -> Path:
        """Starts the cluster where it does not run, and returns its kubeconfig when pods can run.

        Goes on from whatever an interrupted run left. Raises ActionableError where it cannot start.
        """

    def load_images(self, archive: Path) -> None:
        """Makes the images of an OCI archive known to the node. Raises ActionableError where it refuses them."""

    def name_images(self, names: Mapping[str, str]) -> None:
        """Gives images that the node has, by their references, one more reference each."""

    def machine_address(self) -> str:
        """The IPv4 address at which pods reach this machine. Raises ActionableError where there is none to rely on."""

    def stop(self, progress: Progress) -> None:
        """Removes everything that start made. Raises ActionableError with what is left where something stays."""

    def describe(self) -> str:
        """One line: which cluster it is, why it was chosen, and what it cannot do that another could."""
