"""Tests the command lines and configurations of the node's components."""

import json
import subprocess
import tomllib
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from boutique_offline.node import components
from boutique_offline.node.layout import Layout, host_nameservers
from boutique_offline.node.network import Network
from boutique_offline.node.specification import NodeSpecification
from dev.clusters import NODE_PORTS
from dev.clusters.kind import CONFIGURATION
from dev.toolchain import Tool, Toolbox

RANGES = Network(IPv4Network("10.244.0.0/16"), IPv4Network("10.245.0.0/16"))

TOOLBOX = Toolbox({name: Tool(name, "1", Path("/tools", name), "test") for name in ("kubernetes", "network-policies")})


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("node"))
    layout.prepare(RANGES, TOOLBOX, packages=Path("/packages"))
    return layout


def flags(layout: Layout, component: str) -> list[str]:
    specification = NodeSpecification.read(layout.specification)
    return next(entry.command for entry in specification.components if entry.name == component)


def test_addresses_are_taken_from_the_ranges() -> None:
    assert [str(address) for address in (RANGES.node, RANGES.api_service, RANGES.dns)] == [
        "10.244.0.1",
        "10.245.0.1",
        "10.245.0.10",
    ]


def test_no_command_line_contains_a_key(layout: Layout) -> None:
    specification = layout.specification.read_text()
    for key in layout.directory.rglob("*.key"):
        assert key.read_text().splitlines()[1] not in specification


def test_no_key_or_kubeconfig_can_be_read_by_others(layout: Layout) -> None:
    secrets = [*layout.directory.rglob("*.key"), *layout.directory.rglob("*kubeconfig")]
    assert len(secrets) > 10
    assert {path.stat().st_mode & 0o077 for path in secrets} == {0}


def test_a_second_preparation_keeps_the_certificates(layout: Layout) -> None:
    before = layout.pki["admin"].certificate.read_text()
    layout.prepare(RANGES, TOOLBOX, packages=Path("/packages"))
    assert layout.pki["admin"].certificate.read_text() == before


@pytest.mark.parametrize(
    ("authority", "certificate"),
    [
        ("cluster-authority", "kube-apiserver"),
        ("cluster-authority", "admin"),
        ("cluster-authority", "kubelet"),
        ("etcd-authority", "etcd"),
        ("etcd-authority", "etcd-client"),
        ("front-proxy-authority", "front-proxy-client"),
    ],
)
def test_each_certificate_is_issued_by_its_authority_only(layout: Layout, authority: str, certificate: str) -> None:
    def verified(issuer: str) -> bool:
        files = [str(layout.pki[issuer].certificate), str(layout.pki[certificate].certificate)]
        return (
            subprocess.run(["openssl", "verify", "-CAfile", *files], check=False, capture_output=True).returncode == 0
        )

    assert verified(authority)
    others = {"cluster-authority", "etcd-authority", "front-proxy-authority"} - {authority}
    assert not any(verified(other) for other in others)


def test_the_api_refuses_anonymous_requests(layout: Layout) -> None:
    command = flags(layout, "kube-apiserver")
    assert "--anonymous-auth=false" in command
    assert "--authorization-mode=Node,RBAC" in command
    assert "--bind-address=10.244.0.1" in command


def test_etcd_listens_on_the_loopback_address_and_requires_certificates(layout: Layout) -> None:
    command = flags(layout, "etcd")
    assert "--client-cert-auth" in command
    assert "--listen-client-urls=https://127.0.0.1:2379" in command


def test_node_ports_are_reachable_only_from_this_machine(layout: Layout) -> None:
    assert "--nodeport-addresses=127.0.0.0/8" in flags(layout, "kube-proxy")


def test_the_kubelet_authorizes_requests_by_the_api(layout: Layout) -> None:
    kubelet = json.loads((layout.directory / "lib/kubernetes/kubelet.yaml").read_text())
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"] == {"mode": "Webhook"}
    assert kubelet["clusterDNS"] == ["10.245.0.10"]


def test_the_configuration_of_containerd_is_toml_with_the_paths_of_the_packages() -> None:
    configuration = tomllib.loads(components.containerd_configuration(Path("/packages"), "pause:1"))
    cri = configuration["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["sandbox_image"] == "pause:1"
    assert cri["cni"]["bin_dir"] == "/packages/usr/lib/cni"


def test_kind_maps_node_ports_to_the_loopback_address_only() -> None:
    mappings = json.loads(CONFIGURATION)["nodes"][0]["extraPortMappings"]
    assert [mapping["containerPort"] for mapping in mappings] == list(NODE_PORTS)
    for mapping in mappings:
        assert mapping["containerPort"] == mapping["hostPort"]
        assert mapping["listenAddress"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("files", "nameservers"),
    [
        (["nameserver 192.0.2.53\nsearch example.org\n"], ["192.0.2.53"]),
        (
            ["nameserver 127.0.0.53\n", "nameserver 192.0.2.53\nnameserver 2001:db8::53\n"],
            ["192.0.2.53", "2001:db8::53"],
        ),
        (["nameserver 127.0.0.1\n# nothing else\n"], []),
    ],
)
def test_pods_use_the_name_servers_that_they_can_reach(
    files: list[str], nameservers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"resolv-{number}.conf" for number, _ in enumerate(files)]
    for path, content in zip(paths, files, strict=True):
        path.write_text(content)
    monkeypatch.setattr("boutique_offline.node.layout._RESOLVERS", paths)
    assert host_nameservers() == nameservers
