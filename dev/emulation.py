"""Interfaces of the emulated AWS, Cloudflare, and provider plugins. The package `boutique_offline` implements them.

Nothing here imports that package: it registers itself as an entry point of the group `boutique.offline`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dev.errors import ActionableError
from dev.progress import Progress
from dev.sources import load


@dataclass(frozen=True)
class ClusterAccess:
    """The cluster that runs the shop in place of EKS.

    Args:
        kubeconfig: The path of its kubeconfig.
        machine: The address at which its pods reach this machine.
    """

    kubeconfig: str
    machine: str


@dataclass(frozen=True)
class AccountSpecification:
    """The account and the DNS zone to emulate.

    Args:
        account: The account's number.
        region: The region of everything in it.
        domain: The name of Cloudflare's zone.
        zone_id: The id of that zone.
        cluster: The cluster for the shop. Without one, nothing can be deployed, only previewed.
    """

    account: str
    region: str
    domain: str
    zone_id: str
    cluster: ClusterAccess | None = None


class EmulatedAccount(Protocol):
    """An emulated AWS account and Cloudflare zone. Its servers keep running after the command that started them."""

    def start(self, specification: AccountSpecification, progress: Progress) -> None:
        """Starts the servers. Raises ActionableError if one of them does not respond in time."""

    def is_running(self) -> bool:
        """Returns whether the servers run."""

    def was_started(self) -> bool:
        """Returns whether the account was started before, even if its servers have ended since."""

    def variables(self) -> Mapping[str, str]:
        """Returns the environment variables by which the program and the plugins reach the servers."""

    def new_resources(self) -> list[str]:
        """Returns a line for each resource in the account and the zone that was not there at the start."""

    def open_services(self, namespace: str) -> list[str]:
        """Makes each service behind the load balancer reachable on this machine. Returns their addresses."""

    def delete_namespace(self, kubeconfig: Path, namespace: str) -> None:
        """Deletes the shop that an account left on the cluster when its servers ended."""

    def stop(self) -> None:
        """Stops the servers and deletes their data."""


class PluginSource(Protocol):
    """Emulated provider plugins, and the account that they talk to."""

    def directory(self, plugin: str) -> Path:
        """Returns the folder of a plugin, which goes on PATH."""

    def account(self, directory: Path) -> EmulatedAccount:
        """Returns the account whose servers keep their files in the directory."""


def plugin_source() -> PluginSource:
    """Returns the installed source. Raises ActionableError if there is none."""
    source: PluginSource | None = load("plugins")
    if source is None:
        raise ActionableError("The package boutique-offline, which emulates AWS, is not installed.")
    return source
