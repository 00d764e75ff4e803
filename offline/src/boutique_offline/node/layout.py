"""The files of a node: its directories, certificates and configurations, and the specification that node.py runs."""

import os
import shutil
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Final

import boutique_offline
import dev
from boutique_offline.node import components, kernel
from boutique_offline.node.components import CLUSTER_DOMAIN, VOLUME_PROVISIONER, ApiServerAddress, EtcdPorts
from boutique_offline.node.network import BRIDGE, Network
from boutique_offline.node.pki import Pki
from boutique_offline.node.specification import Component, NodeSpecification
from dev.toolchain import Toolbox

NODE: Final = "boutique"
PAUSE_IMAGE: Final = "boutique.local/pause:1"
API_PORT: Final = 6443
ETCD_PORTS: Final = EtcdPorts(client=2379, peer=2380)

_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RESOLVERS: Final = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
_IMPORTED: Final = (boutique_offline, dev)
"""The packages that the volume provisioner imports. Mounts may hide the directory that they are installed in."""

# The paths at which the node sees its directories, which are mounted over the host's.
_BASE: Final = Path("/run/boutique")
_PROGRAMS: Final = _BASE / "kubernetes"
_POLICIES: Final = _BASE / "network-policies"
PACKAGES: Final = _BASE / "packages"
_CONFIGURATION: Final = Path("/var/lib/kubernetes")
_VOLUMES: Final = Path("/var/lib/volumes")
_LOGS: Final = Path("/var/log")


@dataclass(frozen=True)
class Layout:
    """The files of a node in one directory, which only root can read."""

    directory: Path

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of an administrator."""
        return self.directory / "kubeconfig"

    @property
    def pki(self) -> Pki:
        """The certificates of the cluster's components and users."""
        return Pki(self._configuration / "pki")

    @property
    def specification(self) -> Path:
        """The file that node.py reads."""
        return self.directory / "node.json"

    @property
    def kernel_settings(self) -> Path:
        """The file with the kernel's settings from before the node."""
        return self.directory / "kernel-settings.json"

    @property
    def logs(self) -> Path:
        """The directory with a log for each component."""
        return self.directory / "log"

    @property
    def _configuration(self) -> Path:
        return self.directory / "lib/kubernetes"

    def network(self) -> Network:
        """Returns the ranges of the cluster. They are chosen once, since etcd keeps addresses of them."""
        file = self.directory / "network"
        if file.exists():
            pods, services = map(IPv4Network, file.read_text().split())
            return Network(pods, services)
        network = Network.free()
        self.directory.mkdir(mode=0o700, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(f"{network.pods} {network.services}\n")
        unfinished.rename(file)
        return network

    def prepare(self, network: Network, toolbox: Toolbox, packages: Path) -> None:
        """Writes all files that the node reads. Existing certificates and data stay."""
        shutil.rmtree(self.directory / "run", ignore_errors=True)
        for directory in ("lib/kubernetes/cni", "lib/volumes", "log", "run/lock"):
            (self.directory / directory).mkdir(parents=True, exist_ok=True)
        for mounted in (_PROGRAMS, _POLICIES, PACKAGES, *(_BASE / package.__name__ for package in _IMPORTED)):
            (self.directory / "run" / mounted.relative_to("/run")).mkdir(parents=True)
        self._create_certificates(network)
        address = ApiServerAddress(str(network.node), API_PORT)
        for user in ("kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "network-policies"):
            _write_secret(self._configuration / f"{user}.kubeconfig", components.kubeconfig(self.pki, user, address))
        _write_secret(self.kubeconfig, components.kubeconfig(self.pki, "admin", address))
        nameservers = host_nameservers()
        for name, content in {
            "resolv.conf": "".join(f"nameserver {nameserver}\n" for nameserver in nameservers),
            "containerd.toml": components.containerd_configuration(PACKAGES, PAUSE_IMAGE),
            "cni/10-boutique.conflist": components.cni_configuration(BRIDGE, network.pods),
            "kubelet.yaml": components.kubelet_configuration(
                Pki(_CONFIGURATION / "pki"),
                address=str(network.node),
                dns=str(network.dns),
                resolver=_CONFIGURATION / "resolv.conf",
                cgroup=kernel.CGROUP,
            ),
        }.items():
            (self._configuration / name).write_text(content)
        self._specify(network, toolbox, packages).write(self.specification)

    def _create_certificates(self, network: Network) -> None:
        target = self._configuration / "pki"
        if target.exists():
            return
        unfinished = target.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        service_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        Pki(unfinished).create(
            node=NODE,
            api_server_hosts=[
                *(f"IP:{address}" for address in (network.node, network.api_service)),
                *(f"DNS:{name}" for name in [*service_names, f"kubernetes.default.svc.{CLUSTER_DOMAIN}"]),
            ],
            node_hosts=[f"IP:{network.node}", f"DNS:{NODE}"],
        )
        unfinished.rename(target)

    def _specify(self, network: Network, toolbox: Toolbox, packages: Path) -> NodeSpecification:
        pki = Pki(_CONFIGURATION / "pki")
        address = ApiServerAddress(str(network.node), API_PORT)

        def kubeconfig(user: str) -> Path:
            return _CONFIGURATION / f"{user}.kubeconfig"

        commands = {
            "etcd": components.etcd(_PROGRAMS, pki, Path("/var/lib/etcd"), ETCD_PORTS),
            "kube-apiserver": components.api_server(_PROGRAMS, pki, address, ETCD_PORTS, network.services),
            "kube-controller-manager": components.controller_manager(
                _PROGRAMS, pki, kubeconfig("kube-controller-manager")
            ),
            "kube-scheduler": components.scheduler(_PROGRAMS, kubeconfig("kube-scheduler")),
            "containerd": components.containerd(PACKAGES, _CONFIGURATION / "containerd.toml"),
            "kubelet": components.kubelet(
                _PROGRAMS, kubeconfig("kubelet"), _CONFIGURATION / "kubelet.yaml", NODE, address.host
            ),
            "kube-proxy": components.proxy(_PROGRAMS, kubeconfig("kube-proxy"), NODE, network.pods),
            "network-policies": components.network_policies(
                _POLICIES, kubeconfig("network-policies"), NODE, network.services
            ),
            VOLUME_PROVISIONER: [
                *(os.path.realpath(sys.executable), "-m", "boutique_offline.node.volumes"),
                *(address.host, str(address.port), str(_CONFIGURATION / "pki"), str(_VOLUMES), NODE),
            ],
        }
        return NodeSpecification(
            mounts=[
                (str(self.directory / "lib"), "/var/lib"),
                (str(self.logs), "/var/log"),
                (str(self.directory / "run"), "/run"),
                (str(toolbox.tools["kubernetes"].directory), str(_PROGRAMS)),
                (str(toolbox.tools["network-policies"].directory), str(_POLICIES)),
                (str(packages), str(PACKAGES)),
                *((package.__path__[0], str(_BASE / package.__name__)) for package in _IMPORTED),
            ],
            components=[Component(name, command) for name, command in commands.items()],
            environment={"PATH": f"{PACKAGES}/usr/bin:{PACKAGES}/usr/sbin:{_SYSTEM_PATH}"},
            working_directory=str(_BASE),
            logs=str(_LOGS),
        )


def host_nameservers() -> list[str]:
    """Returns the host's name servers that pods can reach: in place of those on loopback, the ones behind them."""
    for file in filter(Path.exists, _RESOLVERS):
        lines = (line.split() for line in file.read_text().splitlines())
        found = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
        if reachable := [address for address in found if not _is_loopback(address)]:
            return reachable
    return []


def _is_loopback(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback


def _write_secret(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content)
