"""What a stack made is found by its tags: by a person, by the budget, and by the sweep after a destroy."""

from collections.abc import Iterator
from typing import Final

from infra.policies.rules import Resource, Rule

_WANTED: Final = ("boutique:project", "boutique:stack")


def _untagged(resource: Resource) -> Iterator[str]:
    tags = resource.tags()
    if tags is None:
        return
    for tag in _WANTED:
        if tag not in tags:
            yield f"tags: must have {tag}: give the provider the stack's default tags"


TAGGED: Final = Rule(
    "tagged",
    "Whatever costs money or holds data has the stack's tags.",
    (
        "aws:ec2/eip:Eip",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/vpc:Vpc",
        "aws:ecr/repository:Repository",
        "aws:eks/cluster:Cluster",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:iam/role:Role",
        "aws:kms/key:Key",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
    ),
    _untagged,
)
