"""The certificates of a cluster's components and users."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from boutique_offline.node.certificates import KeyPair, create_authority, create_certificate, create_signing_key

_LOCAL_HOSTS: Final = ("IP:127.0.0.1", "DNS:localhost")


@dataclass(frozen=True)
class Subject:
    """The subject of a certificate: a user of Kubernetes with groups, and the hosts that it may serve."""

    user: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Pki:
    """The key pairs in a directory, by name.

    etcd and the front proxy have CAs of their own: otherwise a client of the cluster could access etcd, or act as any
    user.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __getitem__(self, name: str) -> KeyPair:
        return KeyPair(self._directory / f"{name}.crt", self._directory / f"{name}.key")

    def create(self, node: str, api_server_hosts: Iterable[str], node_hosts: Iterable[str]) -> None:
        """Creates all key pairs, in a new directory with mode 0700."""
        self._directory.mkdir(mode=0o700, parents=True)
        create_signing_key(self["service-accounts"])
        self._create_family(
            "etcd-authority",
            {"etcd": Subject("etcd", hosts=_LOCAL_HOSTS), "etcd-client": Subject("kube-apiserver")},
        )
        self._create_family("front-proxy-authority", {"front-proxy-client": Subject("front-proxy-client")})
        self._create_family(
            "cluster-authority",
            {
                "kube-apiserver": Subject("kube-apiserver", hosts=(*_LOCAL_HOSTS, *api_server_hosts)),
                "kubelet-client": Subject("kube-apiserver-kubelet-client", groups=("system:masters",)),
                "kube-controller-manager": Subject("system:kube-controller-manager"),
                "kube-scheduler": Subject("system:kube-scheduler"),
                "kube-proxy": Subject("system:kube-proxy"),
                "kubelet": Subject(f"system:node:{node}", groups=("system:nodes",), hosts=tuple(node_hosts)),
                "volume-provisioner": Subject("boutique:volume-provisioner"),
                "network-policies": Subject("boutique:network-policies"),
                "admin": Subject("boutique:admin", groups=("system:masters",)),
            },
        )

    def _create_family(self, authority: str, subjects: Mapping[str, Subject]) -> None:
        create_authority(self[authority])
        with ThreadPoolExecutor() as pool:
            created = [
                pool.submit(
                    create_certificate,
                    self[name],
                    self[authority],
                    user=subject.user,
                    groups=subject.groups,
                    hosts=subject.hosts,
                )
                for name, subject in subjects.items()
            ]
        for certificate in created:
            certificate.result()
