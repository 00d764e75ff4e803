"""Where stores stand: in the network's isolated subnets, reached from the cluster alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, vpc

from infra.aws.naming import Naming


@dataclass(frozen=True)
class Placement:
    """`clients` is the security group of those that may connect; `subnets` are one in each zone."""

    vpc_id: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    clients: pulumi.Input[str]


def admit_clients(
    name: str, naming: Naming, placement: Placement, port: int, opts: pulumi.ResourceOptions
) -> ec2.SecurityGroup:
    """The security group of a store: in, by TCP at the port from the clients; out, nowhere."""
    full_name = naming.name(name)
    group = ec2.SecurityGroup(
        name,
        name=full_name,
        description=f"{full_name}, from the cluster alone",
        vpc_id=placement.vpc_id,
        tags={"Name": full_name},
        opts=opts,
    )
    vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group.id,
        referenced_security_group_id=placement.clients,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        opts=opts,
    )
    return group
