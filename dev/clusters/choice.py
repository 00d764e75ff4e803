"""Chooses how a cluster is had on this machine."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from boutique_offline.node.debian import DebianCluster
from dev import toolchain as tools
from dev.clusters import kind
from dev.clusters.cluster import Cluster
from dev.clusters.existing import ExistingCluster
from dev.clusters.kind import KindCluster
from dev.directories import state_directory
from dev.errors import ActionableError


@dataclass(frozen=True)
class Machine:
    """What the choice depends on."""

    docker_engine: bool
    kind_unavailable: str | None
    """Why kind cannot be had; None where it can."""
    debian: bool
    root: bool

    @classmethod
    def this(cls) -> Self:
        docker_engine = kind.engine_answers()
        return cls(
            docker_engine=docker_engine,
            kind_unavailable=tools.unavailable("kind") if docker_engine else None,
            debian="debian" in _distribution(),
            root=os.geteuid() == 0,
        )


def choose(
    environment: Mapping[str, str] = os.environ, state: Path | None = None, machine: Machine | None = None
) -> Cluster:
    """The cluster to use, with its files below `state`; it says itself why it was chosen.

    Raises ActionableError where there is none, with what each way would need.
    """
    state = state or state_directory()
    if context := environment.get("BOUTIQUE_CONTEXT"):
        return ExistingCluster(state, "BOUTIQUE_CONTEXT names it", context)
    # What an earlier run started is gone on with, and stopped, whatever has been installed since.
    if (state / "cluster").exists():
        return DebianCluster(state, "an earlier run started it")
    if (state / "kind").exists():
        return KindCluster(state, "an earlier run started it")
    machine = machine or Machine.this()
    if machine.docker_engine and machine.kind_unavailable is None:
        return KindCluster(state, "a Docker engine answers")
    if machine.debian and machine.root:
        why_not_kind = machine.kind_unavailable or "no Docker engine answers"
        return DebianCluster(state, f"{why_not_kind}, and this is Debian, as root")
    raise ActionableError(_no_way(machine))


def _no_way(machine: Machine) -> str:
    docker = f"kind: {machine.kind_unavailable}" if machine.docker_engine else "a Docker engine: none answers"
    debian = "root on Debian: this is " + " and ".join(
        [
            *([] if machine.debian else [f"{_distribution() or platform.system()}, not Debian"]),
            *([] if machine.root else ["not root"]),
        ]
    )
    return (
        "There is no way to a Kubernetes cluster on this machine. Any one of these would do:\n"
        "  - a cluster that runs: set BOUTIQUE_CONTEXT to its context in your kubeconfig\n"
        f"  - {docker}\n"
        f"  - {debian}\n"
        "`make shop` needs none of them: it runs the shop as plain processes."
    )


def _distribution() -> str:
    """The distribution's name with those that it is like; empty where it does not say."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{release['ID']} {release.get('ID_LIKE', '')}".strip()
