"""Chooses the Kubernetes cluster to use on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dev import toolchain as tools
from dev.clusters import kind
from dev.clusters.cluster import Cluster
from dev.clusters.existing import ExistingCluster
from dev.clusters.kind import KindCluster
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.sources import ClusterSource, cluster_source


@dataclass(frozen=True)
class Machine:
    """The properties of this machine that the choice depends on.

    Args:
        no_kind: Why kind cannot be used, or None if it can.
        source: Runs Kubernetes without Docker, if it is installed.
    """

    no_kind: str | None
    source: ClusterSource | None

    @classmethod
    def this(cls) -> Self:
        """Returns what is true of the machine that this runs on."""
        no_kind = tools.unavailable("kind") if kind.engine_answers() else "no Docker engine answers"
        return cls(no_kind, cluster_source())


def choose(
    environment: Mapping[str, str] = os.environ, state: Path | None = None, machine: Machine | None = None
) -> Cluster:
    """Returns the cluster to use, whose `describe` says why. Its files are below `state`.

    Raises ActionableError if there is none, with what each way would need.
    """
    state = state or state_directory()
    if context := environment.get("BOUTIQUE_CONTEXT"):
        return ExistingCluster(state, "BOUTIQUE_CONTEXT names it", context)
    source = machine.source if machine else cluster_source()
    # A cluster that an earlier run started is used, and stopped, whatever has been installed since.
    if source and source.exists(state):
        return source.cluster(state, "an earlier run started it")
    if (state / "kind").exists():
        return KindCluster(state, "an earlier run started it")
    machine = machine or Machine.this()
    if machine.no_kind is None:
        return KindCluster(state, "a Docker engine answers")
    if source and source.unavailable() is None:
        return source.cluster(state, machine.no_kind)
    raise ActionableError(_nothing_available(machine))


def _nothing_available(machine: Machine) -> str:
    ways = [
        "a cluster that runs: set BOUTIQUE_CONTEXT to its context in your kubeconfig",
        f"kind, with a Docker engine: {machine.no_kind}",
    ]
    if machine.source:
        ways.append(f"Kubernetes without Docker: {machine.source.unavailable()}")
    listed = "".join(f"  - {way}\n" for way in ways)
    return (
        f"There is no Kubernetes cluster to use on this machine. Any one of these would do:\n{listed}"
        "`boutique shop` needs none of them: it runs the shop as plain processes."
    )
