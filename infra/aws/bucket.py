"""The bucket of product pictures: private, encrypted, and filled from a folder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_aws import s3

from boutique_definition.pictures import CONTENT_TYPES, find_pictures
from infra.aws.iam import Statement, document, statement
from infra.aws.naming import Naming

_OLD_VERSION_DAYS = 30
_UNFINISHED_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class BucketArgs:
    """The arguments of a bucket.

    Args:
        account: The id of the AWS account, which makes the bucket's name globally unique.
        pictures: A folder. Each file in it becomes an object whose key is the file's path from there.
        protected: Whether the bucket cannot be deleted while it has objects.
    """

    naming: Naming
    account: str
    pictures: Path
    protected: bool


class Bucket(pulumi.ComponentResource):
    """A bucket of pictures.

    Attributes:
        read: The statement that lets a role read the pictures, but not list them, so S3 returns 403 for a missing one.

    Raises:
        ConfigError: A file is not a picture.
    """

    bucket: pulumi.Output[str]
    arn: pulumi.Output[str]
    read: Statement

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Bucket", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket(
            "pictures",
            bucket=args.naming.name("pictures", args.account),
            force_destroy=not args.protected,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protected),
        )
        self._make_private(bucket)
        self._keep_versions(bucket)
        for key, file in find_pictures(args.pictures).items():
            self._upload(bucket, key, file)

        self.bucket = bucket.bucket
        self.arn = bucket.arn
        self.read = statement(["s3:GetObject"], [pulumi.Output.concat(bucket.arn, "/*")])
        self.register_outputs({"bucket": self.bucket})

    def _make_private(self, bucket: s3.Bucket) -> None:
        s3.BucketPublicAccessBlock(
            "pictures",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        s3.BucketOwnershipControls(
            "pictures", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self._child
        )
        # With S3's own key: every visitor sees these pictures, so a key of the stack would only add calls and costs.
        s3.BucketServerSideEncryptionConfiguration(
            "pictures",
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._child,
        )
        s3.BucketPolicy(
            "pictures",
            bucket=bucket.bucket,
            policy=document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
            opts=self._child,
        )

    def _keep_versions(self, bucket: s3.Bucket) -> None:
        versioning = s3.BucketVersioning(
            "pictures", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=self._child
        )
        s3.BucketLifecycleConfiguration(
            "pictures",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": _OLD_VERSION_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": _UNFINISHED_UPLOAD_DAYS},
                }
            ],
            # S3 refuses rules on versions until versioning is on.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _upload(self, bucket: s3.Bucket, key: str, file: Path) -> None:
        s3.BucketObjectv2(
            key,
            bucket=bucket.bucket,
            key=key,
            source=pulumi.FileAsset(file),
            # A digest of the content only, so that another time or path of the file is not a change.
            source_hash=hashlib.sha256(file.read_bytes()).hexdigest(),
            content_type=CONTENT_TYPES[file.suffix],
            opts=self._child,
        )
