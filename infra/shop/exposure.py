"""The ways in which a service is reached from outside the cluster."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


class Exposure(ABC):
    """A way to reach a service from outside the cluster."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL at which the service is reached."""

    @property
    def node_port(self) -> int | None:
        """The port of every node at which the service is reached."""
        return None

    @abstractmethod
    def attach(self, name: str, port: int, metadata: ObjectMetaArgsDict, opts: pulumi.ResourceOptions) -> None:
        """Creates the resources, other than the Service itself, that route requests to the service.

        Args:
            name: The name of the Service.
            port: The port of the Service.
            metadata: The metadata of the service's objects.
            opts: Options of the resources, which depend on the Service.
        """


@dataclass(frozen=True)
class NodePort(Exposure):
    """Exposes a service at a port of every node."""

    port: int
    host: str = "localhost"

    @property
    def address(self) -> str:
        """The http URL of the port on this host."""
        return f"http://{self.host}:{self.port}"

    @property
    def node_port(self) -> int:
        """The port, which is never None."""
        return self.port

    def attach(self, name: str, port: int, metadata: ObjectMetaArgsDict, opts: pulumi.ResourceOptions) -> None:
        """Creates nothing: the Service opens the port itself."""
