"""Clusters, tools and plugins that another package adds by entry points of the group `boutique.offline`.

A machine that downloads its tools and runs Docker needs none of them.
"""

from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from dev.progress import Progress, Step

if TYPE_CHECKING:
    from dev.clusters.cluster import Cluster
    from dev.toolchain.pins import Build, GoPin

GROUP: Final = "boutique.offline"


class ToolSource(Protocol):
    """Builds tools from source. The entry point `tools` names a function that returns one."""

    def files(self, build: "Build") -> Iterable[Path]:
        """Returns the files that determine what is built, in a fixed order."""

    def build(self, build: "Build", go: Path, system: str, target: Path, step: Step) -> None:
        """Builds a program for a system, such as linux, into the directory `target`. Raises ActionableError."""

    def ensure_go(self, pin: "GoPin", progress: Progress) -> Path:
        """Returns a `go` command that is new enough. Raises ActionableError if none is available."""

    def remove_build_cache(self) -> None:
        """Removes what only an interrupted build needs."""


class ClusterSource(Protocol):
    """Runs Kubernetes without Docker. The entry point `clusters` names a function that returns one."""

    def unavailable(self) -> str | None:
        """Returns why this machine cannot run such a cluster, or None if it can."""

    def exists(self, state: Path) -> bool:
        """Returns whether `state` holds such a cluster."""

    def cluster(self, state: Path, reason: str) -> "Cluster":
        """Returns the cluster whose files are below `state`, whether it runs or not.

        Args:
            reason: Why this cluster was chosen, for people.
        """


def tool_source() -> ToolSource | None:
    """Returns what builds tools, or None if no installed package does."""
    source: ToolSource | None = load("tools")
    return source


def cluster_source() -> ClusterSource | None:
    """Returns what runs Kubernetes without Docker, or None if no installed package does."""
    source: ClusterSource | None = load("clusters")
    return source


def load(name: str) -> Any:
    """Returns what the entry point of this name provides, or None if no installed package has it."""
    for entry in entry_points(group=GROUP, name=name):
        return entry.load()()
    return None
