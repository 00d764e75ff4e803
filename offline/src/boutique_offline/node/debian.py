"""A cluster with a single node on Debian, which needs root.

All its files are in one directory. See node.py for how its processes and mounts end without a trace.
"""

import contextlib
import os
import platform
import shutil
import signal
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from boutique_offline.node import kernel, network
from boutique_offline.node.api import Api
from boutique_offline.node.components import CLUSTER_DOMAIN, PROVISIONER, STORAGE_CLASS, ApiServerAddress
from boutique_offline.node.dns import resolves
from boutique_offline.node.layout import API_PORT, ETCD_PORTS, PACKAGES, PAUSE_IMAGE, Layout, host_nameservers
from boutique_offline.node.network import Network
from boutique_offline.node.packages import ensure_packages
from boutique_offline.node.scratch_image import write_scratch_image
from dev.clusters.cluster import NODE_PORTS
from dev.errors import ActionableError
from dev.locks import hold_directory
from dev.progress import Progress, Step
from dev.toolchain import Toolbox, ensure
from dev.waiting import wait_until

_MANIFESTS: Final = Path(__file__).with_name("manifests")
_LOOPBACK_PORTS: Final = (ETCD_PORTS.client, ETCD_PORTS.peer, 10248, 10249, 10256, 10257, 10259, *NODE_PORTS)
_NODE_PORTS: Final = (API_PORT, 10250)
_DNS_IMAGE: Final = "boutique.local/coredns:1"
_READY_TIMEOUT: Final = 120.0
_STOP_TIMEOUT: Final = 30.0


class DebianClusters:
    """Runs Kubernetes on Debian as root."""

    def unavailable(self) -> str | None:
        """Returns what this machine lacks."""
        missing = [
            *(
                []
                if "debian" in _distribution()
                else [f"it needs Debian, and this is {_distribution() or sys.platform}"]
            ),
            *([] if os.geteuid() == 0 else ["it needs root"]),
        ]
        return " and ".join(missing) or None

    def exists(self, state: Path) -> bool:
        """Returns whether an earlier run started a cluster."""
        return (state / "cluster").exists()

    def cluster(self, state: Path, reason: str) -> "DebianCluster":
        """Returns the cluster whose files are in `state`."""
        return DebianCluster(state, reason)


def _distribution() -> str:
    """Returns the names of the distribution and of those that it is based on; an empty text if it is unknown."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{release['ID']} {release.get('ID_LIKE', '')}".strip()


@dataclass(frozen=True)
class DebianCluster:
    """Implements dev.clusters.cluster.Cluster with a node of Kubernetes' own components."""

    state: Path
    """The parent of the cluster's directory. `stop` removes both."""
    reason: str
    """Why this cluster was chosen."""

    def start(self, progress: Progress) -> Path:
        toolbox = ensure(["kubernetes", "coredns", "network-policies"], progress)
        packages = ensure_packages(progress)
        layout = self._layout
        with hold_directory(self.state, progress), progress.step("Starting Kubernetes") as step:
            ranges = layout.network()
            if not self._processes():
                _refuse_taken_ports(ranges)
                layout.prepare(ranges, toolbox, packages)
                kernel.prepare(layout.kernel_settings)
                network.connect(ranges)
                self._start_node()
            self._wait_until_usable(toolbox, packages, ranges, step)
        return layout.kubeconfig

    def load_images(self, archive: Path) -> None:
        with archive.open("rb") as content:
            self._images(f"containerd cannot import {archive}", "import", "-", content=content)

    def name_images(self, names: Mapping[str, str]) -> None:
        for known, name in names.items():
            self._images(f"containerd cannot tag {known} as {name}", "tag", "--force", known, name)

    def machine_address(self) -> str:
        return str(self._layout.network().node)

    def stop(self, progress: Progress) -> None:
        with hold_directory(self.state, progress), progress.step("Removing Kubernetes") as step:
            for process in self._processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            step.update("waiting for its processes to end")
            wait_until(lambda: not self._processes(), _STOP_TIMEOUT, "The node's processes do not end")
            # Without saved settings, any changes to the host are those of another cluster.
            if self._layout.kernel_settings.exists():
                network.disconnect()
                kernel.restore(self._layout.kernel_settings)
                _refuse_leftovers([*network.leftovers(), *kernel.leftovers()])
            shutil.rmtree(self._layout.directory, ignore_errors=True)
            _refuse_leftovers(self._leftovers())

    def describe(self) -> str:
        return f"a single node of Kubernetes' own components on this machine: {self.reason}"

    @property
    def _layout(self) -> Layout:
        return Layout(self.state / "cluster")

    def _processes(self) -> list[int]:
        """Returns the ids of the node's first process and of the one that created its namespaces."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                arguments = (process / "cmdline").read_bytes().split(b"\0")
                if b"boutique_offline.node.node" in arguments and str(self._layout.specification).encode() in arguments:
                    found.append(int(process.name))
        return sorted(found)

    def _enter(self) -> list[str]:
        """Returns the start of a command that runs in the node's namespaces. Raises ActionableError without a node."""
        if not (processes := self._processes()):
            raise ActionableError("The cluster is not running. Start it with `boutique up`.")
        return ["nsenter", f"--target={processes[0]}", "--mount", "--"]

    def _images(self, failure: str, *arguments: str, content: IO[bytes] | None = None) -> None:
        client = [*self._enter(), str(PACKAGES / "usr/bin/ctr"), "--namespace=k8s.io", "images"]
        outcome = subprocess.run([*client, *arguments], check=False, stdin=content, capture_output=True, text=True)
        if outcome.returncode != 0:
            raise ActionableError(f"{failure}: {outcome.stderr.strip()}")

    def _start_node(self) -> None:
        namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with (self._layout.logs / "node.log").open("ab") as log:
            node = subprocess.Popen(
                [*namespaces, sys.executable, "-m", "boutique_offline.node.node", str(self._layout.specification)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # A process that has just started may not have its command line yet.
        wait_until(
            lambda: bool(self._processes()) or node.poll() is not None,
            _READY_TIMEOUT,
            f"the cluster's node did not start; its log is in {self._layout.logs}",
        )

    def _wait_until_usable(self, toolbox: Toolbox, packages: Path, ranges: Network, step: Step) -> None:
        api = Api(ApiServerAddress(str(ranges.node), API_PORT), self._layout.pki, "admin")
        with ThreadPoolExecutor() as pool:
            images = pool.submit(self._load_own_images, toolbox, packages)
            step.update("waiting for the API")
            self._wait("the API", api.ready)
            _apply_manifests(toolbox, self._layout.kubeconfig, ranges)
            images.result()
        # The API may still have the node's and the pods' status of an earlier run, so wait for a response of the DNS.
        step.update("waiting for the cluster's DNS")
        self._wait("the cluster's DNS", lambda: resolves(str(ranges.dns), f"kubernetes.default.svc.{CLUSTER_DOMAIN}"))

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Waits for the condition. Raises ActionableError as soon as the node has ended, or if it takes too long."""

        def holds() -> bool:
            if not self._processes():
                log = (self._layout.logs / "node.log").read_text().strip()
                raise ActionableError(f"The cluster's node ended during its start:\n{log}")
            return condition()

        wait_until(holds, _READY_TIMEOUT, f"{what} did not become ready; the logs are in {self._layout.logs}")

    def _load_own_images(self, toolbox: Toolbox, packages: Path) -> None:
        """Loads the two images that the node itself needs."""
        socket = self._layout.directory / "run/containerd/containerd.sock"
        self._wait("containerd", socket.exists)
        with tempfile.TemporaryDirectory() as directory:
            archive = Path(directory) / "image.tar"
            for program, image, arguments in (
                (packages / "usr/bin/catatonit", PAUSE_IMAGE, ["-P"]),
                (toolbox.command("coredns"), _DNS_IMAGE, []),
            ):
                write_scratch_image(program, image, arguments, archive)
                self.load_images(archive)

    def _leftovers(self) -> list[str]:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        return [
            *(f"process {process}" for process in self._processes()),
            *(f"mount {mount}" for mount in mounts if str(self._layout.directory) in mount),
            *([f"directory {self._layout.directory}"] if self._layout.directory.exists() else []),
        ]


def _refuse_leftovers(left: list[str]) -> None:
    if left:
        raise ActionableError(
            "Some parts of the cluster are left. Run the command again. Remaining:\n  " + "\n  ".join(left)
        )


def _refuse_taken_ports(ranges: Network) -> None:
    addresses = {"127.0.0.1": _LOOPBACK_PORTS, str(ranges.node): _NODE_PORTS}
    taken = [
        f"port {port} is used by {user}"
        for address, ports in addresses.items()
        for port in ports
        if (user := network.port_user(address, port))
    ]
    if taken:
        raise ActionableError(
            f"The cluster cannot start: {', '.join(taken)}. Free the ports and run the command again."
        )


def _apply_manifests(toolbox: Toolbox, kubeconfig: Path, ranges: Network) -> None:
    values = {
        "dns": str(ranges.dns),
        "domain": CLUSTER_DOMAIN,
        "forward": "forward . /etc/resolv.conf" if host_nameservers() else "",
        "image": _DNS_IMAGE,
        "provisioner": PROVISIONER,
        "storage_class": STORAGE_CLASS,
    }
    manifests = [string.Template(file.read_text()).substitute(values) for file in sorted(_MANIFESTS.iterdir())]
    kubectl = [str(toolbox.command("kubernetes", "kubectl")), f"--kubeconfig={kubeconfig}"]
    applied = subprocess.run(
        [*kubectl, "apply", "--server-side", "--field-manager=boutique", "--filename=-"],
        check=False,
        input="\n---\n".join(manifests),
        capture_output=True,
        text=True,
    )
    if applied.returncode != 0:
        raise ActionableError(f"The cluster rejects its manifests: {applied.stderr.strip()}")
