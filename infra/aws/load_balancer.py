"""The load balancer: takes HTTPS from Cloudflare alone, and leads each host to the pods of its service.

It is made here, and not by the cluster for an Ingress, so that a destroy knows of it. There is no port 80: in a zone
that is set as infra/aws/dns.py says, Cloudflare redirects visitors, and reaches the shop by TLS alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, lb, vpc

from infra.aws.naming import Naming
from infra.shop.pod import DRAIN_SECONDS

_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_HEALTH_PATH = "/_healthz"
_PORT_WITHOUT_PODS = 80
"""A group must have a port, but each pod is registered with its own: so a service's other port replaces no group."""


@dataclass(frozen=True)
class Target:
    """What comes for `host` goes to `port` of the service's pods."""

    host: str
    port: int


@dataclass(frozen=True)
class LoadBalancerArgs:
    """`sources` are the CIDRs that may connect; `cluster` and `pods` are the cluster's name and its security group."""

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
    """`target_groups` has the ARN of each service's, `target_group_suffixes` what CloudWatch calls them by."""

    dns_name: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]
    target_groups: Mapping[str, pulumi.Output[str]]
    target_group_suffixes: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:LoadBalancer", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        group = self._admit_sources()
        self._admit_to_pods(group)
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
        groups = {service: self._lead(service, target, listener) for service, target in args.targets.items()}

        self.dns_name = balancer.dns_name
        self.arn_suffix = balancer.arn_suffix
        self.target_groups = {service: made.arn for service, made in groups.items()}
        self.target_group_suffixes = {service: made.arn_suffix for service, made in groups.items()}
        self.register_outputs({"dnsName": self.dns_name})

    def _admit_sources(self) -> ec2.SecurityGroup:
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

    def _admit_to_pods(self, group: ec2.SecurityGroup) -> None:
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

    def _lead(self, service: str, target: Target, listener: lb.Listener) -> lb.TargetGroup:
        group = lb.TargetGroup(
            service,
            name=self._args.naming.name(service),
            vpc_id=self._args.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=_PORT_WITHOUT_PODS,
            # For this long a pod answers what it was asked before it was told to stop.
            deregistration_delay=DRAIN_SECONDS,
            health_check={"path": _HEALTH_PATH, "matcher": "200", "interval": 10, "healthy_threshold": 2},
            # The cluster registers pods in groups that have its name alone.
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
