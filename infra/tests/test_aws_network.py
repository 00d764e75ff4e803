"""The network of each stack, with the settings of its file."""

from ipaddress import IPv4Network, collapse_addresses
from typing import Any

import pytest

from infra.aws.naming import Naming
from infra.aws.network import Network, NetworkArgs, plan_subnets
from infra.tests.conftest import AWS_STACKS, Graph, Graphed, aws_settings

ZONES = {"demo": 2, "dev": 2, "staging": 3, "prod": 3}
TIERS = ("public", "private", "isolated")


def network(stack: str) -> Network:
    settings = aws_settings(stack)
    zones = [f"eu-central-1{letter}" for letter in "abc"[: settings.network.zones]]
    return Network("network", NetworkArgs(Naming(stack), settings.network, zones, settings.region))


@pytest.fixture(scope="module")
def graphs(graphed: Graphed) -> dict[str, Graph]:
    return {stack: graphed(lambda stack=stack: network(stack)) for stack in AWS_STACKS}  # type: ignore[misc]


def subnets(graph: Graph, tier: str) -> dict[str, dict[str, Any]]:
    return {
        name: inputs for name, inputs in graph.of_type("aws:ec2/subnet:Subnet").items() if name.startswith(f"{tier}-")
    }


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_every_zone_has_a_subnet_of_each_tier(graphs: dict[str, Graph], stack: str) -> None:
    zones = [f"eu-central-1{letter}" for letter in "abc"[: ZONES[stack]]]
    for tier in TIERS:
        found = subnets(graphs[stack], tier).values()
        assert sorted(inputs["availabilityZone"] for inputs in found) == zones


@pytest.mark.parametrize(("stack", "gateways"), [("demo", 1), ("dev", 1), ("staging", 1), ("prod", 3)])
def test_prod_has_a_nat_gateway_in_each_zone_and_the_others_one(
    graphs: dict[str, Graph], stack: str, gateways: int
) -> None:
    assert len(graphs[stack].of_type("aws:ec2/natGateway:NatGateway")) == gateways


def test_in_prod_each_zone_has_its_own_route_to_the_internet(graphs: dict[str, Graph]) -> None:
    routes = graphs["prod"].of_type("aws:ec2/route:Route")
    for zone in ("eu-central-1a", "eu-central-1b", "eu-central-1c"):
        assert routes[f"private-{zone}-internet"]["natGatewayId"] == f"nat-{zone}-id"


def test_nat_gateways_are_created_after_the_internet_gateway(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for name in graph.of_type("aws:ec2/natGateway:NatGateway"):
            assert "internet" in graph.waits_for["aws:ec2/natGateway:NatGateway", name]


def test_stores_have_no_route_to_the_internet(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        tables = {inputs["routeTableId"] for inputs in graph.of_type("aws:ec2/route:Route").values()}
        isolated = {
            inputs["routeTableId"]
            for name, inputs in graph.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation").items()
            if name.startswith("isolated")
        }
        assert isolated
        assert not isolated & tables


def test_every_subnet_has_exactly_one_route_table(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        routed = [
            inputs["subnetId"]
            for inputs in graph.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation").values()
        ]
        assert sorted(routed) == sorted(f"{name}-id" for name in graph.of_type("aws:ec2/subnet:Subnet"))


def test_load_balancers_find_their_subnets_by_tags(graphs: dict[str, Graph]) -> None:
    for inputs in subnets(graphs["dev"], "public").values():
        assert inputs["tags"]["kubernetes.io/role/elb"] == "1"
    for inputs in subnets(graphs["dev"], "private").values():
        assert inputs["tags"]["kubernetes.io/role/internal-elb"] == "1"


def test_the_default_security_group_opens_nothing(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        (closed,) = graph.of_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").values()
        assert (closed["ingress"], closed["egress"]) == ([], [])


def test_flows_are_logged(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        (flows,) = graph.of_type("aws:ec2/flowLog:FlowLog").values()
        assert flows["trafficType"] == "ALL"


def test_the_role_for_flow_logs_can_write_only_them(graphs: dict[str, Graph]) -> None:
    (policy,) = graphs["dev"].of_type("aws:iam/rolePolicy:RolePolicy").values()
    assert '"Resource": ["flows.arn:*"]' in policy["policy"]


def test_s3_is_reached_without_nat_from_every_subnet(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        endpoint = graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")["s3"]
        assert endpoint["vpcEndpointType"] == "Gateway"
        assert len(endpoint["routeTableIds"]) == len(graph.of_type("aws:ec2/routeTable:RouteTable"))


def test_interface_endpoints_follow_the_settings_and_only_the_vpc_reaches_them(graphs: dict[str, Graph]) -> None:
    assert list(graphs["dev"].of_type("aws:ec2/vpcEndpoint:VpcEndpoint")) == ["s3"]
    endpoints = graphs["prod"].of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    assert sorted(endpoints) == ["ecr.api", "ecr.dkr", "s3", "secretsmanager", "sts"]
    (rule,) = graphs["prod"].of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values()
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.40.0.0/16", 443, 443)


@pytest.mark.parametrize("zones", [2, 3])
@pytest.mark.parametrize("prefix", [16, 20])
def test_subnets_are_within_the_network_and_do_not_overlap(zones: int, prefix: int) -> None:
    whole = IPv4Network(f"10.0.0.0/{prefix}")
    planned = [subnet for plan in plan_subnets(whole, zones) for subnet in (plan.private, plan.public, plan.isolated)]
    assert all(subnet.subnet_of(whole) for subnet in planned)
    assert sum(subnet.num_addresses for subnet in planned) == sum(
        merged.num_addresses for merged in collapse_addresses(planned)
    )


def test_a_new_zone_does_not_change_the_subnets_of_the_others() -> None:
    whole = IPv4Network("10.0.0.0/16")
    assert plan_subnets(whole, 3)[:2] == plan_subnets(whole, 2)
