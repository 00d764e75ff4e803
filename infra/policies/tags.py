"""The resources of a stack have its tags, by which people, the budget, and the sweep after a destroy find them."""

from collections.abc import Iterator
from typing import Final

from infra.policies.rules import Resource, Rule

_REQUIRED: Final = ("boutique:project", "boutique:stack")
UNTAGGABLE: Final = (
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:kms/alias:Alias",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription",
)
"""Types that cannot have tags. All others, including new ones, must have them."""


def _untagged(resource: Resource) -> Iterator[str]:
    tags = resource.tags()
    if resource.type in UNTAGGABLE or tags is None:
        return
    for tag in _REQUIRED:
        if tag not in tags:
            yield f"tags: must have {tag}: give the provider the stack's default tags (Naming.tags)"


TAGGED: Final = Rule("tagged", "Every resource that can have tags has the stack's.", ("aws:",), _untagged)
