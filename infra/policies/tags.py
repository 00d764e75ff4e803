"""What a stack made is found by its tags: by a person, by the budget, and by the sweep after a destroy."""

from collections.abc import Iterator
from typing import Final

from infra.policies.rules import Resource, Rule

_WANTED: Final = ("boutique:project", "boutique:stack")
TAKE_NONE: Final = (
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
"""Types that AWS has no tags for; of any other type, a new one too, tags are wanted."""


def _untagged(resource: Resource) -> Iterator[str]:
    tags = resource.tags()
    if resource.type in TAKE_NONE or tags is None:
        return
    for tag in _WANTED:
        if tag not in tags:
            yield f"tags: must have {tag}: give the provider the stack's default tags (Naming.tags)"


TAGGED: Final = Rule("tagged", "Whatever takes tags has the stack's.", ("aws:",), _untagged)
