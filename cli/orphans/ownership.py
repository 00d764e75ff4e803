"""Decides whether a resource in an account belongs to a stack.

A resource belongs to the stack by the stack's tags, by the tags that EKS sets for the stack's cluster, because it is in
the stack's network, or, if AWS creates it without tags, by its name. A tag of another stack always decides against it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cli.account import Account

_STACK = "boutique:stack"
_PROJECT = "boutique:project"

Tags = Mapping[str, str]
Owner = Literal["stack", "cluster"]
"""The creator: Pulumi for the stack, or EKS and other AWS services for what runs in the cluster."""


@dataclass(frozen=True)
class Claim:
    """The owner of a resource, and how it was recognized."""

    owner: Owner
    why: str


@dataclass(frozen=True)
class Ownership:
    """Identifies the resources of a stack.

    Args:
        cluster: The name of the stack's cluster.
        tagged: The tags of tagged resources by ARN, from the Resource Groups Tagging API.
        networks: The ids of the stack's VPCs.
    """

    stack: str
    project: str
    cluster: str
    tagged: Mapping[str, Tags]
    networks: frozenset[str]

    def claim(self, arn: str, tags: Tags, network: str | None, *, has_own_name: bool) -> Claim | None:
        """Returns how the resource belongs to the stack, or None if it does not.

        Args:
            arn: The ARN of the resource.
            tags: The tags that its own service returned.
            network: The id of its VPC.
            has_own_name: True if no other stack can have a resource of its name.
        """
        tags = {**self.tagged.get(arn, {}), **tags}
        if _STACK in tags:
            is_own = (tags[_STACK], tags.get(_PROJECT)) == (self.stack, self.project)
            return Claim("stack", f"{_STACK}={self.stack}") if is_own else None
        for key, value in _cluster_tags(self.cluster).items():
            if tags.get(key) == value:
                return Claim("cluster", f"{key}={value}")
        if network in self.networks:
            return Claim("cluster", f"in {network}")
        return Claim("stack", "by its name") if has_own_name else None


def find_ownership(account: Account) -> Ownership:
    """Queries AWS for tagged resources and for the stack's networks."""
    naming = account.naming
    project = naming.tags()[_PROJECT]
    ec2 = account.session.client("ec2")
    filters = {_STACK: account.stack, _PROJECT: project}
    networks = ec2.describe_vpcs(Filters=[{"Name": f"tag:{key}", "Values": [value]} for key, value in filters.items()])
    tags = [(_STACK, account.stack), *_cluster_tags(naming.name()).items()]
    return Ownership(
        stack=account.stack,
        project=project,
        cluster=naming.name(),
        tagged=dict(_tagged(account, tags)),
        networks=frozenset(network["VpcId"] for network in networks["Vpcs"]),
    )


def _cluster_tags(cluster: str) -> Tags:
    """Returns the tags of resources that belong to a cluster.

    Source: EKS user guide, Auto Mode networking; AWS Load Balancer Controller and Amazon VPC CNI, resource tags. The
    value "shared" of `kubernetes.io/cluster/<name>` means that the cluster uses a resource that it does not own.
    """
    return {
        f"kubernetes.io/cluster/{cluster}": "owned",
        "eks:eks-cluster-name": cluster,
        "aws:eks:cluster-name": cluster,
        "elbv2.k8s.aws/cluster": cluster,
        "cluster.k8s.amazonaws.com/name": cluster,
    }


def _tagged(account: Account, tags: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Tags]]:
    pages = account.session.client("resourcegroupstaggingapi").get_paginator("get_resources")
    for key, value in tags:
        for page in pages.paginate(TagFilters=[{"Key": key, "Values": [value]}]):
            for found in page["ResourceTagMappingList"]:
                yield found["ResourceARN"], {tag["Key"]: tag["Value"] for tag in found["Tags"]}
