"""The cluster of each stack, with the settings of its file."""

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
def inputs(request: pytest.FixtureRequest, graphs: dict[str, Graph]) -> dict[str, Any]:
    """Returns the cluster's inputs, for each stack in turn."""
    (inputs,) = graphs[request.param].of_type(CLUSTER).values()
    return inputs


def test_aws_runs_the_nodes(inputs: dict[str, Any]) -> None:
    assert inputs["autoMode"]["enabled"] is True


def test_nodes_are_only_in_private_subnets(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        (inputs,) = graph.of_type(CLUSTER).values()
        private = [name for name in graph.of_type("aws:ec2/subnet:Subnet") if name.startswith("private-")]
        assert inputs["privateSubnetIds"] == [f"{name}-id" for name in sorted(private)]
        assert not inputs.keys() & {"publicSubnetIds", "subnetIds"}


def test_names_are_resolved_by_the_nodes_and_not_by_pods(inputs: dict[str, Any]) -> None:
    assert inputs["corednsAddonOptions"] == {"enabled": False}
    (resolver,) = DNS
    assert resolver == {"ip_block": {"cidr": f"{IPv4Network(inputs['kubernetesServiceIpAddressRange'])[10]}/32"}}


def test_the_network_is_destroyed_after_the_cluster(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        ((name, _),) = graph.of_type(CLUSTER).items()
        gateways = graph.of_type("aws:ec2/natGateway:NatGateway")
        routes = graph.of_type("aws:ec2/route:Route")
        assert gateways.keys() | routes.keys() <= graph.waits_for[CLUSTER, name]


def test_access_is_only_by_access_entries(inputs: dict[str, Any]) -> None:
    assert inputs["authenticationMode"] == "API"


def test_secrets_are_encrypted_with_a_key_of_its_own(inputs: dict[str, Any]) -> None:
    assert inputs["encryptionConfigKeyArn"] == "cluster.arn"


def test_every_log_of_the_control_plane_is_kept(inputs: dict[str, Any]) -> None:
    assert sorted(inputs["enabledClusterLogTypes"]) == [
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    ]


def test_it_never_enters_extended_support_which_costs_six_times_as_much(inputs: dict[str, Any]) -> None:
    assert inputs["upgradePolicy"] == {"supportType": "STANDARD"}


def test_the_api_is_reached_from_the_vpc_and_the_named_networks(inputs: dict[str, Any]) -> None:
    assert inputs["endpointPrivateAccess"] is True
    assert inputs["endpointPublicAccess"] is True
    assert inputs["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_without_named_networks_only_the_vpc_reaches_the_api(graphed: Graphed) -> None:
    (inputs,) = graphed(lambda: cluster("dev", public_access=[])).of_type(CLUSTER).values()
    assert inputs["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in inputs


def test_only_prod_is_protected_from_deletion(graphs: dict[str, Graph]) -> None:
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


def test_administrators_may_do_everything_and_previews_may_only_read(graphs: dict[str, Graph]) -> None:
    associations = graphs["dev"].of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert {inputs["principalArn"]: inputs["policyArn"].rpartition("/")[2] for inputs in associations.values()} == {
        ADMINISTRATOR: "AmazonEKSClusterAdminPolicy",
        PIPELINE: "AmazonEKSAdminViewPolicy",
    }


def test_network_policies_are_enforced(graphs: dict[str, Graph]) -> None:
    assert graphs["dev"].of_kind("ConfigMap")["amazon-vpc-cni"]["data"] == {"enable-network-policy-controller": "true"}


def test_a_new_kubeconfig_for_the_same_cluster_replaces_nothing(graphs: dict[str, Graph]) -> None:
    (provider,) = graphs["dev"].of_type("pulumi:providers:kubernetes").values()
    assert provider["clusterIdentifier"] == "boutique-dev"
