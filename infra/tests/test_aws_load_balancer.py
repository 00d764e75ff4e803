"""The load balancer: its clients and its routes."""

from collections.abc import Mapping

import pulumi
import pytest

from infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs, Target
from infra.aws.naming import Naming
from infra.shop.pod import DRAIN_SECONDS
from infra.tests.conftest import AWS_STACKS, Graph, Graphed, aws_settings, resolved

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
GROUP = "aws:lb/targetGroup:TargetGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
SOURCES = ["173.245.48.0/20", "103.21.244.0/22"]
TARGETS = {"frontend": Target("shop.example.com", 8080), "content": Target("content.example.com", 8081)}


def balancer(stack: str = "prod", targets: Mapping[str, Target] = TARGETS) -> LoadBalancer:
    args = LoadBalancerArgs(
        naming=Naming(stack),
        vpc_id="vpc-1",
        subnets=["subnet-a", "subnet-b"],
        sources=SOURCES,
        certificate_arn="certificate.arn",
        cluster=f"boutique-{stack}",
        pods="sg-pods",
        targets=targets,
        protected=aws_settings(stack).protected,
    )
    return LoadBalancer("load-balancer", args)


@pytest.fixture(scope="module")
def graph(graphed: Graphed) -> Graph:
    return graphed(balancer)


def test_only_cloudflare_connects_and_only_by_https(graph: Graph) -> None:
    rules = graph.of_type(INGRESS).values()
    opened = [rule for rule in rules if rule["securityGroupId"] == "load-balancer-id"]
    assert {rule["cidrIpv4"] for rule in opened} == set(SOURCES)
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in opened} == {(443, 443, "tcp")}


def test_it_reaches_only_the_ports_of_the_pods(graph: Graph) -> None:
    leaving = graph.of_type(EGRESS).values()
    assert {(rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) for rule in leaving} == {
        ("sg-pods", port, port) for port in (8080, 8081)
    }
    entering = [rule for rule in graph.of_type(INGRESS).values() if rule["securityGroupId"] == "sg-pods"]
    assert {(rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) for rule in entering} == {
        ("load-balancer-id", port, port) for port in (8080, 8081)
    }


def test_services_on_one_port_share_its_rules(graphed: Graphed) -> None:
    targets = {service: Target(target.host, 8080) for service, target in TARGETS.items()}
    assert len(graphed(lambda: balancer(targets=targets)).of_type(EGRESS)) == 1


def test_it_accepts_only_current_tls_and_answers_404_for_unknown_hosts(graph: Graph) -> None:
    (listener,) = graph.of_type("aws:lb/listener:Listener").values()
    assert (listener["port"], listener["protocol"], listener["certificateArn"]) == (443, "HTTPS", "certificate.arn")
    assert listener["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    (action,) = listener["defaultActions"]
    assert (action["type"], action["fixedResponse"]["statusCode"]) == ("fixed-response", "404")


def test_each_host_is_routed_to_its_service(graph: Graph) -> None:
    rules = graph.of_type("aws:lb/listenerRule:ListenerRule")
    assert {service: rule["conditions"] for service, rule in rules.items()} == {
        service: [{"hostHeader": {"values": [target.host]}}] for service, target in TARGETS.items()
    }
    assert {service: rule["actions"] for service, rule in rules.items()} == {
        service: [{"type": "forward", "targetGroupArn": f"{service}.arn"}] for service in TARGETS
    }


def test_the_cluster_may_register_pods_which_are_probed_and_drained(graph: Graph) -> None:
    for group in graph.of_type(GROUP).values():
        assert group["tags"] == {"eks:eks-cluster-name": "boutique-prod"}
        assert group["targetType"] == "ip"
        assert group["healthCheck"]["path"] == "/_healthz"
        assert group["deregistrationDelay"] == DRAIN_SECONDS


def test_a_new_port_of_a_service_does_not_change_its_target_group(graph: Graph, graphed: Graphed) -> None:
    other = graphed(lambda: balancer(targets={**TARGETS, "frontend": Target("shop.example.com", 9090)}))
    assert other.of_type(GROUP) == graph.of_type(GROUP)


def test_requests_with_invalid_headers_are_dropped(graph: Graph) -> None:
    (inputs,) = graph.of_type(BALANCER).values()
    assert inputs["dropInvalidHeaderFields"] is True
    assert (inputs["internal"], inputs["subnets"]) == (False, ["subnet-a", "subnet-b"])


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_only_prod_is_protected(graphed: Graphed, stack: str) -> None:
    graph = graphed(lambda: balancer(stack))
    (inputs,) = graph.of_type(BALANCER).values()
    assert inputs["enableDeletionProtection"] is (stack == "prod")
    assert ((BALANCER, "load-balancer") in graph.protected) is (stack == "prod")


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_every_name_is_short_enough_for_elastic_load_balancing(graphed: Graphed, stack: str) -> None:
    graph = graphed(lambda: balancer(stack, dict.fromkeys(aws_settings(stack).dns.hosts, Target("shop", 8080))))
    names = [inputs["name"] for token in (BALANCER, GROUP) for inputs in graph.of_type(token).values()]
    assert all(len(name) <= 32 for name in names)


def test_it_publishes_what_dns_and_alarms_need(graphed: Graphed) -> None:
    def outputs() -> list[pulumi.Output[str]]:
        inputs = balancer()
        return [
            inputs.dns_name,
            inputs.arn_suffix,
            inputs.target_groups["frontend"],
            inputs.target_group_suffixes["content"],
        ]

    assert resolved(graphed, outputs) == [
        "load-balancer.dnsName",
        "load-balancer.arnSuffix",
        "frontend.arn",
        "content.arnSuffix",
    ]
