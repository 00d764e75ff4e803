"""How each component of Kubernetes is started: its command line and its configuration."""

import base64
import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from local.cluster.pki import Pki

CLUSTER_DOMAIN: Final = "cluster.local"


@dataclass(frozen=True)
class ApiServerAddress:
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"


@dataclass(frozen=True)
class EtcdPorts:
    client: int
    peer: int


def etcd(programs: Path, pki: Pki, data: Path, ports: EtcdPorts) -> list[str]:
    """A store for one machine: on the loopback address, and for holders of its authority's certificates only."""
    pair, authority = pki["etcd"], pki["etcd-authority"]
    client, peer = (f"https://127.0.0.1:{port}" for port in (ports.client, ports.peer))
    return [
        str(programs / "etcd"),
        "--name=boutique",
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=boutique={peer}",
        f"--cert-file={pair.certificate}",
        f"--key-file={pair.key}",
        f"--trusted-ca-file={authority.certificate}",
        "--client-cert-auth",
        f"--peer-cert-file={pair.certificate}",
        f"--peer-key-file={pair.key}",
        f"--peer-trusted-ca-file={authority.certificate}",
        "--peer-client-cert-auth",
        # What a power cut may lose is a cluster that is made again in seconds; waiting for the disk costs each write.
        "--unsafe-no-fsync",
    ]


def api_server(
    programs: Path, pki: Pki, address: ApiServerAddress, etcd_ports: EtcdPorts, services: IPv4Network
) -> list[str]:
    serving, kubelet_client = pki["kube-apiserver"], pki["kubelet-client"]
    etcd_client, proxy_client = pki["etcd-client"], pki["front-proxy-client"]
    return [
        str(programs / "kube-apiserver"),
        f"--bind-address={address.host}",
        f"--advertise-address={address.host}",
        f"--secure-port={address.port}",
        f"--service-cluster-ip-range={services}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={pki['cluster-authority'].certificate}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        f"--service-account-key-file={pki['service-accounts'].certificate}",
        f"--service-account-signing-key-file={pki['service-accounts'].key}",
        f"--kubelet-client-certificate={kubelet_client.certificate}",
        f"--kubelet-client-key={kubelet_client.key}",
        f"--kubelet-certificate-authority={pki['cluster-authority'].certificate}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--etcd-servers=https://127.0.0.1:{etcd_ports.client}",
        f"--etcd-cafile={pki['etcd-authority'].certificate}",
        f"--etcd-certfile={etcd_client.certificate}",
        f"--etcd-keyfile={etcd_client.key}",
        f"--requestheader-client-ca-file={pki['front-proxy-authority'].certificate}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={proxy_client.certificate}",
        f"--proxy-client-key-file={proxy_client.key}",
        "--profiling=false",
    ]


def kubeconfig(pki: Pki, user: str, address: ApiServerAddress) -> str:
    """A kubeconfig for the holder of a key pair; JSON is YAML. It holds the keys, so that it can be used anywhere."""

    def embedded(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "boutique",
            "clusters": [
                {
                    "name": "boutique",
                    "cluster": {
                        "server": address.url,
                        "certificate-authority-data": embedded(pki["cluster-authority"].certificate),
                    },
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": embedded(pki[user].certificate),
                        "client-key-data": embedded(pki[user].key),
                    },
                }
            ],
            "contexts": [{"name": "boutique", "context": {"cluster": "boutique", "user": user}}],
        },
        indent=2,
    )
