"""The command line and the configuration of each component of Kubernetes."""

import base64
import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from boutique_offline.node.pki import Pki

CLUSTER_DOMAIN: Final = "cluster.local"
STORAGE_CLASS: Final = "local"
PROVISIONER: Final = "boutique.local/volumes"
VOLUME_PROVISIONER: Final = "volume-provisioner"


@dataclass(frozen=True)
class ApiServerAddress:
    """The address of an API server."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The https URL, to which paths of the API are appended."""
        return f"https://{self.host}:{self.port}"


@dataclass(frozen=True)
class EtcdPorts:
    """The ports of etcd on the loopback address."""

    client: int
    peer: int


def etcd(programs: Path, pki: Pki, data: Path, ports: EtcdPorts) -> list[str]:
    """Returns the command of etcd, which listens on the loopback address and requires its own CA's certificates."""
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
        # A power cut may lose the cluster, which is recreated in seconds. Waiting for the disk would slow down writes.
        "--unsafe-no-fsync",
    ]


def api_server(
    programs: Path, pki: Pki, address: ApiServerAddress, etcd_ports: EtcdPorts, services: IPv4Network
) -> list[str]:
    """Returns the command of kube-apiserver, whose Services get addresses from the range `services`."""
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
    """Returns a user's kubeconfig as JSON, which is YAML. It contains the keys, so it can be used anywhere."""

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


def controller_manager(programs: Path, pki: Pki, config: Path) -> list[str]:
    """Returns the command of kube-controller-manager. `config` is its kubeconfig."""
    authority, accounts = pki["cluster-authority"], pki["service-accounts"]
    return [
        str(programs / "kube-controller-manager"),
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        # The API responds before it has created the roles that allow this lookup.
        "--authentication-tolerate-lookup-failure",
        "--use-service-account-credentials",
        f"--root-ca-file={authority.certificate}",
        f"--service-account-private-key-file={accounts.key}",
        "--profiling=false",
    ]


def scheduler(programs: Path, config: Path) -> list[str]:
    """Returns the command of kube-scheduler. `config` is its kubeconfig."""
    return [
        str(programs / "kube-scheduler"),
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
    ]


def proxy(programs: Path, config: Path, node: str, pods: IPv4Network) -> list[str]:
    """Returns the command of kube-proxy. `config` is its kubeconfig."""
    return [
        str(programs / "kube-proxy"),
        f"--kubeconfig={config}",
        f"--hostname-override={node}",
        f"--cluster-cidr={pods}",
        "--proxy-mode=iptables",
        # There are few rules to write, and a person waits for them.
        "--iptables-min-sync-period=100ms",
        # Node ports can be reached from this machine, not from its network.
        "--nodeport-addresses=127.0.0.0/8",
        "--healthz-bind-address=127.0.0.1:10256",
        "--metrics-bind-address=127.0.0.1:10249",
        # 0 leaves the host's settings of connection tracking as they are.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
        "--oom-score-adj=0",
    ]


def network_policies(programs: Path, config: Path, node: str, services: IPv4Network) -> list[str]:
    """Returns the command of the program that enforces network policies. `config` is its kubeconfig."""
    return [
        str(programs / "network-policies"),
        f"--kubeconfig={config}",
        f"--node={node}",
        f"--services={services}",
    ]


def kubelet(programs: Path, config: Path, kubelet_configuration: Path, node: str, address: str) -> list[str]:
    """Returns the command of the kubelet. `config` is its kubeconfig, and `address` is the node's."""
    return [
        str(programs / "kubelet"),
        f"--config={kubelet_configuration}",
        f"--kubeconfig={config}",
        f"--hostname-override={node}",
        f"--node-ip={address}",
    ]


def kubelet_configuration(pki: Pki, address: str, dns: str, resolver: Path, cgroup: str) -> str:
    """Returns the kubelet's configuration as JSON, which is YAML."""
    return json.dumps(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": address,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(pki["cluster-authority"].certificate)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(pki["kubelet"].certificate),
            "tlsPrivateKeyFile": str(pki["kubelet"].key),
            "clusterDomain": CLUSTER_DOMAIN,
            "clusterDNS": [dns],
            "resolvConf": str(resolver),
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{cgroup}",
            "failSwapOn": False,
            # Lowering it needs a privilege that root does not have everywhere.
            "oomScoreAdj": 0,
            # Images are loaded once and cannot be pulled again, so they are never collected. Pods are evicted only when
            # the disk is almost full, however small the free share is.
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "500Mi", "imagefs.available": "500Mi"},
            "containerLogMaxSize": "5Mi",
            "containerLogMaxFiles": 2,
            "serializeImagePulls": False,
        },
        indent=2,
    )


def containerd(packages: Path, configuration: Path) -> list[str]:
    """Returns the command of containerd."""
    return [str(packages / "usr/bin/containerd"), f"--config={configuration}", "--log-level=warn"]


def containerd_configuration(packages: Path, pause_image: str) -> str:
    """Returns containerd's configuration as TOML."""
    return f"""\
version = 2
disabled_plugins = [
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.tracing.processor.v1.otlp",
    "io.containerd.internal.v1.tracing",
]

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause_image}"
# Lowering a score needs a privilege that root does not have everywhere.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{packages}/usr/lib/cni"
conf_dir = "/var/lib/kubernetes/cni"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{packages}/usr/sbin/runc"
SystemdCgroup = false
"""


def cni_configuration(bridge: str, pods: IPv4Network) -> str:
    """Returns the list of network plugins as JSON: pods join the bridge, with addresses from the range."""
    return json.dumps(
        {
            "cniVersion": "1.0.0",
            "name": "boutique",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": bridge,
                    "isGateway": True,
                    # A pod may reach itself through its Service.
                    "hairpinMode": True,
                    "ipam": {
                        "type": "host-local",
                        "dataDir": "/run/cni",
                        "ranges": [[{"subnet": str(pods)}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        },
        indent=2,
    )
