"""How a thing in an account is known to be a stack's, and never a neighbour's.

By the stack's tags; by the cluster's, on what EKS makes for it; by the stack's network, which is nobody else's; and by
name where AWS makes a thing without tags. A thing that has another stack's tag is that one's, whatever else it has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cli.account import Account

_STACK = "boutique:stack"
_PROJECT = "boutique:project"

Tags = Mapping[str, str]
Owner = Literal["stack", "cluster"]
"""Who made it: Pulumi for the stack, or EKS and AWS' other services for what runs in it."""


@dataclass(frozen=True)
class Claim:
    """Whose a thing is, and the words that say why."""

    owner: Owner
    why: str


@dataclass(frozen=True)
class Ownership:
    """Of a stack. `tagged` has the tags of what AWS' index of tags knows, by ARN; `networks` are ids of VPCs."""

    stack: str
    project: str
    cluster: str
    tagged: Mapping[str, Tags]
    networks: frozenset[str]

    def claim(self, arn: str, tags: Tags, network: str | None, *, named: bool) -> Claim | None:
        """None for what is not the stack's. `named` says that its name can be no other stack's."""
        tags = {**self.tagged.get(arn, {}), **tags}
        if _STACK in tags:
            ours = (tags[_STACK], tags.get(_PROJECT)) == (self.stack, self.project)
            return Claim("stack", f"{_STACK}={self.stack}") if ours else None
        for key, value in _cluster_tags(self.cluster).items():
            if tags.get(key) == value:
                return Claim("cluster", f"{key}={value}")
        if network in self.networks:
            return Claim("cluster", f"in {network}")
        return Claim("stack", "by its name") if named else None


def find_ownership(account: Account) -> Ownership:
    """Asks AWS' index of tags, and which network is the stack's."""
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
    """Source: EKS user guide, Auto Mode networking; AWS Load Balancer Controller and Amazon VPC CNI, resource tags.

    A tag `kubernetes.io/cluster/<name>` may also say "shared": that is used by the cluster and not its own.
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
