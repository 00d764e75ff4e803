"""The caches of each stack, with the settings of its file."""

import json
from typing import Any

import pulumi
import pytest

from infra.aws.cache import Cache, CacheArgs
from infra.aws.naming import Naming
from infra.tests.conftest import AWS_STACKS, PLACEMENT, Graph, Graphed, aws_settings, resolved, revealed

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


def carts(stack: str, **changes: Any) -> Cache:
    settings = aws_settings(stack)
    return Cache(
        "cart-data",
        CacheArgs(
            naming=Naming(stack),
            settings=settings.caches.carts.model_copy(update=changes),
            eviction="noeviction",
            placement=PLACEMENT,
            protected=settings.protected,
            final_snapshot=settings.final_snapshots,
        ),
    )


def sessions(stack: str) -> Cache:
    settings = aws_settings(stack)
    return Cache(
        "session-data",
        CacheArgs(
            naming=Naming(stack),
            settings=settings.caches.sessions,
            eviction="volatile-lru",
            placement=PLACEMENT,
            protected=False,
            final_snapshot=False,
        ),
    )


@pytest.fixture(scope="module")
def graphs(graphed: Graphed) -> dict[str, Graph]:
    def program(stack: str) -> None:
        carts(stack)
        sessions(stack)

    return {stack: graphed(lambda stack=stack: program(stack)) for stack in AWS_STACKS}  # type: ignore[misc]


@pytest.fixture(scope="module")
def prod(graphs: dict[str, Graph]) -> Graph:
    return graphs["prod"]


@pytest.fixture(scope="module")
def demo(graphs: dict[str, Graph]) -> Graph:
    return graphs["demo"]


@pytest.mark.parametrize("name", ["cart-data", "session-data"])
def test_in_prod_two_replicas_in_other_zones_take_over(prod: Graph, name: str) -> None:
    group = prod.of_type(GROUP)[name]
    assert group["numCacheClusters"] == 3
    assert group["automaticFailoverEnabled"] is True
    assert group["multiAzEnabled"] is True


@pytest.mark.parametrize("name", ["cart-data", "session-data"])
def test_in_demo_each_cache_is_one_node(demo: Graph, name: str) -> None:
    group = demo.of_type(GROUP)[name]
    assert group["numCacheClusters"] == 1
    assert group["automaticFailoverEnabled"] is False
    assert group["multiAzEnabled"] is False


@pytest.mark.parametrize("stack", AWS_STACKS)
@pytest.mark.parametrize("name", ["cart-data", "session-data"])
def test_only_the_cluster_reaches_a_cache_and_only_by_tls(graphs: dict[str, Graph], stack: str, name: str) -> None:
    graph = graphs[stack]
    group = graph.of_type(GROUP)[name]
    rule = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")[name]

    assert (group["transitEncryptionEnabled"], group["transitEncryptionMode"]) == (True, "required")
    assert group["securityGroupIds"] == [rule["securityGroupId"]] == [f"{name}-id"]
    assert rule["referencedSecurityGroupId"] == "sg-cluster"
    assert "cidrIpv4" not in rule
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 6379, 6379)
    assert graph.of_type("aws:elasticache/subnetGroup:SubnetGroup")[name]["subnetIds"] == ["subnet-a", "subnet-b"]


@pytest.mark.parametrize("name", ["cart-data", "session-data"])
def test_each_cache_has_its_own_key_and_its_own_secret(prod: Graph, name: str) -> None:
    group = prod.of_type(GROUP)[name]
    secret = prod.of_type("aws:secretsmanager/secret:Secret")[name]
    version = prod.of_type("aws:secretsmanager/secretVersion:SecretVersion")[name]

    assert (group["atRestEncryptionEnabled"], group["kmsKeyId"]) == (True, f"{name}.arn")
    assert secret["kmsKeyId"] == f"{name}.arn"
    assert revealed(group["authToken"]) == f"{name}.result"
    assert json.loads(revealed(version["secretString"])) == {"username": "default", "password": f"{name}.result"}


def test_a_full_cache_refuses_carts_and_evicts_the_oldest_sessions(prod: Graph) -> None:
    parameters = prod.of_type("aws:elasticache/parameterGroup:ParameterGroup")
    assert parameters["cart-data"]["parameters"] == [{"name": "maxmemory-policy", "value": "noeviction"}]
    assert parameters["session-data"]["parameters"] == [{"name": "maxmemory-policy", "value": "volatile-lru"}]
    for name, group in prod.of_type(GROUP).items():
        assert group["parameterGroupName"] == parameters[name]["name"]
        assert group["engine"] == "valkey"
        assert parameters[name]["family"] == "valkey8"


def test_carts_of_prod_have_snapshots_and_cannot_be_deleted(prod: Graph) -> None:
    carts = prod.of_type(GROUP)["cart-data"]

    assert carts["snapshotRetentionLimit"] == 7
    assert carts["finalSnapshotIdentifier"] == "boutique-prod-cart-data-final-cart-dat"  # the key's first letters
    assert prod.protected == {(GROUP, "cart-data"), ("aws:kms/key:Key", "cart-data")}
    assert prod.retained == {("aws:kms/key:Key", "cart-data")}


def test_sessions_have_no_snapshots(prod: Graph) -> None:
    sessions = prod.of_type(GROUP)["session-data"]
    assert sessions["snapshotRetentionLimit"] == 0
    assert "snapshotWindow" not in sessions
    assert "finalSnapshotIdentifier" not in sessions


def test_demo_leaves_nothing_behind(demo: Graph) -> None:
    assert demo.protected == demo.retained == set()
    for group in demo.of_type(GROUP).values():
        assert group["snapshotRetentionLimit"] == 0
        assert "finalSnapshotIdentifier" not in group
    for secret in demo.of_type("aws:secretsmanager/secret:Secret").values():
        assert secret["recoveryWindowInDays"] == 0


def test_aws_does_not_raise_the_version_by_itself(prod: Graph) -> None:
    assert all(group["autoMinorVersionUpgrade"] is False for group in prod.of_type(GROUP).values())


def test_slow_commands_are_logged_for_a_month(prod: Graph) -> None:
    groups = prod.of_type("aws:cloudwatch/logGroup:LogGroup")
    for name, group in prod.of_type(GROUP).items():
        (delivery,) = group["logDeliveryConfigurations"]
        assert (delivery["logType"], delivery["destination"]) == ("slow-log", groups[name]["name"])
        assert groups[name]["retentionInDays"] == 30


def test_reads_go_to_the_replicas_or_else_to_the_primary(graphed: Graphed) -> None:
    def addresses(replicas: int) -> list[pulumi.Output[str]]:
        component = carts("dev", replicas=replicas)
        return [component.address, component.replica_address]

    primary, readers = "cart-data.primaryEndpointAddress:6379", "cart-data.readerEndpointAddress:6379"
    assert resolved(graphed, lambda: addresses(1)) == [primary, readers]
    assert resolved(graphed, lambda: addresses(0)) == [primary, primary]


def test_the_names_of_its_nodes_are_known_in_a_preview(graphed: Graphed) -> None:
    nodes: list[str] = []
    graphed(lambda: nodes.extend(carts("prod").nodes))
    assert nodes == ["boutique-prod-cart-data-001", "boutique-prod-cart-data-002", "boutique-prod-cart-data-003"]
