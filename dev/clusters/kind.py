"""A cluster that kind creates in Docker."""

import contextlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev import toolchain as tools
from dev.clusters.cluster import NODE_PORTS
from dev.errors import ActionableError
from dev.locks import hold_directory
from dev.progress import Progress

NAME: Final = "boutique"
_NODE: Final = ("docker", "exec", f"{NAME}-control-plane")
_READY_TIMEOUT: Final = "180s"
_ENGINE_TIMEOUT: Final = 5.0
CONFIGURATION: Final = json.dumps(
    {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": NAME,
        "nodes": [
            {
                "role": "control-plane",
                "extraPortMappings": [
                    {"containerPort": port, "hostPort": port, "listenAddress": "127.0.0.1", "protocol": "TCP"}
                    for port in NODE_PORTS
                ],
            }
        ],
    }
)


def engine_answers() -> bool:
    """Returns whether a Docker engine responds within a few seconds."""
    try:
        subprocess.run(["docker", "info"], check=True, capture_output=True, timeout=_ENGINE_TIMEOUT)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@dataclass(frozen=True)
class KindCluster:
    """Implements Cluster with kind."""

    state: Path
    """The parent of the cluster's directory. `stop` removes both."""
    reason: str
    """Why this cluster was chosen."""

    def start(self, progress: Progress) -> Path:
        kind = self._kind(progress)
        with hold_directory(self.state, progress), progress.step("Starting Kubernetes in Docker"):
            exists = NAME in _run(kind, "get", "clusters").split()
            if exists and self._kubeconfig.exists():
                _run("docker", "start", f"{NAME}-control-plane")
                return self._kubeconfig
            if exists:
                # A run was killed while it made this one.
                _run(kind, "delete", "cluster", f"--name={NAME}")
            self._directory.mkdir(mode=0o700, exist_ok=True)
            unfinished = self._kubeconfig.with_suffix(".unfinished")
            create = [kind, "create", "cluster", "--config=-", f"--kubeconfig={unfinished}", f"--wait={_READY_TIMEOUT}"]
            _run(*create, standard_input=CONFIGURATION)
            unfinished.rename(self._kubeconfig)
        return self._kubeconfig

    def load_images(self, archive: Path) -> None:
        with Progress() as progress:
            _run(self._kind(progress), "load", "image-archive", str(archive), f"--name={NAME}")

    def name_images(self, names: Mapping[str, str]) -> None:
        for known, name in names.items():
            _run(*_NODE, "ctr", "--namespace=k8s.io", "images", "tag", "--force", known, name)

    def machine_address(self) -> str:
        """Returns the address behind Docker Desktop's name, or elsewhere the gateway of kind's network."""
        if desktop := _run(*_NODE, "sh", "-c", "getent ahostsv4 host.docker.internal || true").split():
            return desktop[0]
        networks = json.loads(_run("docker", "network", "inspect", "kind"))[0]["IPAM"]["Config"]
        return next(str(network["Gateway"]) for network in networks if "." in network.get("Gateway", ""))

    def stop(self, progress: Progress) -> None:
        kind = self._kind(progress)
        with hold_directory(self.state, progress), progress.step("Removing Kubernetes from Docker"):
            _run(kind, "delete", "cluster", f"--name={NAME}")
            with contextlib.suppress(ActionableError):
                # kind keeps its network for other clusters of its own; Docker does not remove one that is in use.
                _run("docker", "network", "rm", "kind")
            for file in (self._kubeconfig, self._kubeconfig.with_suffix(".unfinished")):
                file.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                self._directory.rmdir()
            if left := _run("docker", "ps", "--all", "--quiet", f"--filter=label=io.x-k8s.kind.cluster={NAME}").split():
                raise ActionableError(f"Containers of the cluster are left: {', '.join(left)}. Run this again.")

    def describe(self) -> str:
        return f"Kubernetes in Docker, made by kind: {self.reason}"

    @property
    def _directory(self) -> Path:
        return self.state / "kind"

    @property
    def _kubeconfig(self) -> Path:
        return self._directory / "kubeconfig"

    @staticmethod
    def _kind(progress: Progress) -> str:
        return str(tools.ensure(["kind"], progress).command("kind"))


def _run(*command: str, standard_input: str | None = None) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, input=standard_input).stdout
    except subprocess.CalledProcessError as error:
        raise ActionableError(f"{' '.join(command)} failed:\n  {error.stderr.strip()}") from error
