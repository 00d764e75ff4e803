"""The placement of stores: in the isolated subnets, where only the cluster reaches them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, vpc

from infra.aws.naming import Naming


@dataclass(frozen=True)
class Placement:
    """The place of a store in the network.

    Args:
        subnets: The ids of the subnets, one in each zone.
        clients: The security group whose members may connect.
    """

    vpc_id: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    clients: pulumi.Input[str]


def create_store_group(
    name: str, naming: Naming, placement: Placement, port: int, opts: pulumi.ResourceOptions
) -> ec2.SecurityGroup:
    """Creates the security group of a store, which admits only the clients, at the port, and lets nothing out."""
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
