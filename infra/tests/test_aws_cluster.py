"""The cluster of each environment, as its settings file has it."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from infra.aws.cluster import DNS, EksCluster, EksClusterArgs
from infra.aws.naming import Naming
from infra.aws.network import Network, NetworkArgs
from infra.tests.conftest import AWS_STACKS, Graph, Graphed, aws_settings

CLUSTER = "eks:index:Cluster"
ADMINISTRATOR = "arn:aws:iam::123456789012:role/administrators"
PIPELINE = "arn:aws:iam::123456789012:role/boutique-dev-pipelines-preview"


def cluster(stack: str, **changes: Any) -> EksCluster:
    settings = aws_settings(stack)
    naming = Naming(stack)
    zones = [f"eu-central-1{letter}" for letter in "abc"[: settings.network.zones]]
    network = Network("network", NetworkArgs(naming, settings.network, zones, settings.region))
    return EksCluster(
        "cluster",
        EksClusterArgs(
            naming=naming,
            settings=settings.cluster.model_copy(update=changes),
            network=network,
            protected=settings.protected,
            administrators={"administrators": ADMINISTRATOR},
            viewers={"pipelines-preview": PIPELINE},
        ),
    )


@pytest.fixture(scope="module")
def graphs(graphed: Graphed) -> dict[str, Graph]:
    return {stack: graphed(lambda stack=stack: cluster(stack)) for stack in AWS_STACKS}  # type: ignore[misc]


@pytest.fixture(params=AWS_STACKS)
def made(request: pytest.FixtureRequest, graphs: dict[str, Graph]) -> dict[str, Any]:
    """The cluster's inputs, of each stack in turn."""
    (inputs,) = graphs[request.param].of_type(CLUSTER).values()
    return inputs


def test_aws_runs_the_nodes(made: dict[str, Any]) -> None:
    assert made["autoMode"]["enabled"] is True


def test_nodes_are_in_private_subnets_alone(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        (made,) = graph.of_type(CLUSTER).values()
        private = [name for name in graph.of_type("aws:ec2/subnet:Subnet") if name.startswith("private-")]
        assert made["privateSubnetIds"] == [f"{name}-id" for name in sorted(private)]
        assert not made.keys() & {"publicSubnetIds", "subnetIds"}


def test_names_are_resolved_by_the_nodes_and_not_by_pods(made: dict[str, Any]) -> None:
    assert made["corednsAddonOptions"] == {"enabled": False}
    (resolver,) = DNS
    assert resolver == {"ip_block": {"cidr": f"{IPv4Network(made['kubernetesServiceIpAddressRange'])[10]}/32"}}


def test_nodes_keep_their_way_out_until_the_cluster_is_gone(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        ((name, _),) = graph.of_type(CLUSTER).items()
        gateways = graph.of_type("aws:ec2/natGateway:NatGateway")
        routes = graph.of_type("aws:ec2/route:Route")
        assert gateways.keys() | routes.keys() <= graph.waits_for[CLUSTER, name]


def test_only_access_entries_let_someone_in(made: dict[str, Any]) -> None:
    assert made["authenticationMode"] == "API"


def test_secrets_are_encrypted_with_a_key_of_its_own(made: dict[str, Any]) -> None:
    assert made["encryptionConfigKeyArn"] == "cluster.arn"


def test_every_log_of_the_control_plane_is_kept(made: dict[str, Any]) -> None:
    assert sorted(made["enabledClusterLogTypes"]) == ["api", "audit", "authenticator", "controllerManager", "scheduler"]


def test_it_never_slips_into_extended_support_which_costs_six_times_as_much(made: dict[str, Any]) -> None:
    assert made["upgradePolicy"] == {"supportType": "STANDARD"}


def test_the_api_is_reached_from_inside_and_from_the_networks_that_are_named(made: dict[str, Any]) -> None:
    assert made["endpointPrivateAccess"] is True
    assert made["endpointPublicAccess"] is True
    assert made["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_without_such_a_network_the_api_is_reached_from_inside_alone(graphed: Graphed) -> None:
    (inputs,) = graphed(lambda: cluster("dev", public_access=[])).of_type(CLUSTER).values()
    assert inputs["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in inputs


def test_prod_alone_cannot_be_deleted_by_mistake(graphs: dict[str, Graph]) -> None:
    protected = {}
    for stack, graph in graphs.items():
        ((name, inputs),) = graph.of_type(CLUSTER).items()
        protected[stack] = (inputs["deletionProtection"], (CLUSTER, name) in graph.protected)
    assert protected == dict.fromkeys(["demo", "dev", "staging"], (False, False)) | {"prod": (True, True)}


def test_its_logs_are_kept_as_long_as_the_settings_say(graphs: dict[str, Graph]) -> None:
    days = {
        stack: graph.of_type("aws:cloudwatch/logGroup:LogGroup")["control-plane"]["retentionInDays"]
        for stack, graph in graphs.items()
    }
    assert days == {"demo": 1, "dev": 30, "staging": 30, "prod": 365}


def test_administrators_do_everything_and_pipelines_that_preview_only_read(graphs: dict[str, Graph]) -> None:
    associations = graphs["dev"].of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert {inputs["principalArn"]: inputs["policyArn"].rpartition("/")[2] for inputs in associations.values()} == {
        ADMINISTRATOR: "AmazonEKSClusterAdminPolicy",
        PIPELINE: "AmazonEKSAdminViewPolicy",
    }


def test_network_policies_are_enforced(graphs: dict[str, Graph]) -> None:
    assert graphs["dev"].of_kind("ConfigMap")["amazon-vpc-cni"]["data"] == {"enable-network-policy-controller": "true"}


def test_another_kubeconfig_of_the_same_cluster_replaces_nothing(graphs: dict[str, Graph]) -> None:
    (provider,) = graphs["dev"].of_type("pulumi:providers:kubernetes").values()
    assert provider["clusterIdentifier"] == "boutique-dev"
