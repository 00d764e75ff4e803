"""The load balancer: takes HTTPS only from Cloudflare, and routes each host to the pods of its service.

It is created here, and not by the cluster for an Ingress, so that a destroy removes it. There is no port 80: with the
zone settings of infra/aws/dns.py, Cloudflare redirects visitors to HTTPS, and itself connects only by TLS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, lb, vpc

from infra.aws.naming import Naming
from infra.shop.pod import DRAIN_SECONDS

_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_HEALTH_PATH = "/_healthz"
_UNUSED_PORT = 80
"""A target group must have a port, but each pod is registered with its own, whose change thus replaces no group."""


@dataclass(frozen=True)
class Target:
    """Requests for `host` go to `port` of the service's pods."""

    host: str
    port: int


@dataclass(frozen=True)
class LoadBalancerArgs:
    """The arguments of a load balancer.

    Args:
        sources: The CIDRs that may connect.
        cluster: The name of the cluster.
        pods: The security group of the pods.
        targets: The target of each service.
    """

    naming: Naming
    vpc_id: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    sources: Sequence[str]
    certificate_arn: pulumi.Input[str]
    cluster: str
    pods: pulumi.Input[str]
    targets: Mapping[str, Target]
    protected: bool


class LoadBalancer(pulumi.ComponentResource):
    """A load balancer with a target group for each external service.

    Attributes:
        arn_suffix: The name of the load balancer in CloudWatch.
        target_groups: The ARNs of the target groups, by service.
        target_group_suffixes: The names of the target groups in CloudWatch, by service.
    """

    dns_name: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]
    target_groups: Mapping[str, pulumi.Output[str]]
    target_group_suffixes: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:LoadBalancer", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        group = self._allow_ingress_from_sources()
        self._allow_traffic_to_pods(group)
        balancer = lb.LoadBalancer(
            name,
            name=args.naming.name(),
            load_balancer_type="application",
            internal=False,
            subnets=args.subnets,
            security_groups=[group.id],
            drop_invalid_header_fields=True,
            enable_deletion_protection=args.protected,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protected),
        )
        listener = lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=_TLS_POLICY,
            certificate_arn=args.certificate_arn,
            default_actions=[
                {
                    "type": "fixed-response",
                    "fixed_response": {
                        "content_type": "text/plain",
                        "message_body": "There is no such shop.",
                        "status_code": "404",
                    },
                }
            ],
            opts=self._child,
        )
        groups = {
            service: self._create_target_group(service, target, listener) for service, target in args.targets.items()
        }

        self.dns_name = balancer.dns_name
        self.arn_suffix = balancer.arn_suffix
        self.target_groups = {service: target_group.arn for service, target_group in groups.items()}
        self.target_group_suffixes = {service: target_group.arn_suffix for service, target_group in groups.items()}
        self.register_outputs({"dnsName": self.dns_name})

    def _allow_ingress_from_sources(self) -> ec2.SecurityGroup:
        name = self._args.naming.name("load-balancer")
        group = ec2.SecurityGroup(
            "load-balancer",
            name=name,
            description="HTTPS, from Cloudflare alone",
            vpc_id=self._args.vpc_id,
            tags={"Name": name},
            opts=self._child,
        )
        for source in self._args.sources:
            vpc.SecurityGroupIngressRule(
                f"load-balancer-{source}",
                security_group_id=group.id,
                cidr_ipv4=source,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                opts=self._child,
            )
        return group

    def _allow_traffic_to_pods(self, group: ec2.SecurityGroup) -> None:
        for port in sorted({target.port for target in self._args.targets.values()}):
            vpc.SecurityGroupEgressRule(
                f"to-pods-{port}",
                security_group_id=group.id,
                referenced_security_group_id=self._args.pods,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self._child,
            )
            vpc.SecurityGroupIngressRule(
                f"pods-{port}",
                security_group_id=self._args.pods,
                referenced_security_group_id=group.id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self._child,
            )

    def _create_target_group(self, service: str, target: Target, listener: lb.Listener) -> lb.TargetGroup:
        group = lb.TargetGroup(
            service,
            name=self._args.naming.name(service),
            vpc_id=self._args.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=_UNUSED_PORT,
            # The time that a stopping pod has for requests in progress.
            deregistration_delay=DRAIN_SECONDS,
            health_check={"path": _HEALTH_PATH, "matcher": "200", "interval": 10, "healthy_threshold": 2},
            # The cluster only registers pods in target groups with its name.
            # Source: EKS user guide, "Use the AWS Load Balancer Controller's TargetGroupBinding with EKS Auto Mode".
            tags={"eks:eks-cluster-name": self._args.cluster},
            opts=self._child,
        )
        lb.ListenerRule(
            service,
            listener_arn=listener.arn,
            actions=[{"type": "forward", "target_group_arn": group.arn}],
            conditions=[{"host_header": {"values": [target.host]}}],
            opts=self._child,
        )
        return group
