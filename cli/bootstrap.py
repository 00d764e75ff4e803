"""Prepares an account for its first stack.

Creates a bucket for Pulumi's state, a key for its secrets, and, if pipelines deploy the stack, their identity provider.
A second run keeps what exists and corrects what has drifted.

The stack itself creates the roles that pipelines assume, so a person has to run the first `boutique up`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.account import Account
from dev.errors import ActionableError
from infra.aws.naming import PROJECT, STATE_KEY_ALIAS, state_bucket

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient
    from types_boto3_s3 import S3Client

_OLD_VERSION_DAYS = 90
_UNFINISHED_UPLOAD_DAYS = 7
_TAGS = {"boutique:project": PROJECT, "boutique:managed-by": "bootstrap"}
"""There is no stack's tag, so that no teardown removes these resources."""
_DEFAULT_REGION = "us-east-1"
"""The region that S3 does not accept as a location constraint. Source: S3 API, CreateBucketConfiguration."""


@dataclass(frozen=True)
class EnsureResult:
    """A resource that is now in the desired state, and the changes that were necessary."""

    kind: str
    name: str
    changes: list[str]

    def __str__(self) -> str:
        return f"{self.kind:18} {self.name}   {', '.join(self.changes) or 'unchanged'}"


def bootstrap(account: Account) -> None:
    """Prepares the account, and prints the changes and the settings for Pulumi."""
    for result in ensure(account):
        print(result)
    settings = account.settings
    bucket = state_bucket(settings.account, settings.region)
    provider = f"awskms://{STATE_KEY_ALIAS}?region={settings.region}"
    print(
        f"\n`boutique` uses these settings by itself. To run `pulumi` yourself:\n"
        f"  export PULUMI_BACKEND_URL='s3://{bucket}?region={settings.region}'\n"
        f"  pulumi stack init --secrets-provider='{provider}' {account.stack}\n"
        f"Next:  boutique up {account.stack}"
    )


def ensure(account: Account) -> Iterator[EnsureResult]:
    """Brings each resource into the desired state and yields the result.

    Raises:
        ActionableError: If the bucket belongs to another account.
    """
    key, result = _ensure_key(account.session.client("kms"))
    yield result
    yield _ensure_bucket(account, key)
    if account.settings.pipelines:
        yield _ensure_identity_provider(account, account.settings.pipelines.organization)


def _ensure_key(kms: "KMSClient") -> tuple[str, EnsureResult]:
    """Returns the ARN of the key and the result."""
    found = _find_key(kms)
    key = found or _create_key(kms)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    changes = []
    if metadata["KeyState"] == "PendingDeletion":
        kms.cancel_key_deletion(KeyId=key)
        changes.append("deletion cancelled")
    if metadata["KeyState"] in {"PendingDeletion", "Disabled"}:
        kms.enable_key(KeyId=key)
        changes.append("enabled")
    if not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]:
        kms.enable_key_rotation(KeyId=key)
        changes.append("rotation turned on")
    return metadata["Arn"], EnsureResult("key", STATE_KEY_ALIAS, changes if found else ["created"])


def _create_key(kms: "KMSClient") -> str:
    key = kms.create_key(
        Description="Encrypts the secrets in Pulumi's state, and the state",
        Tags=[{"TagKey": name, "TagValue": value} for name, value in _TAGS.items()],
    )["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=STATE_KEY_ALIAS, TargetKeyId=key)
    return key


def _find_key(kms: "KMSClient") -> str | None:
    try:
        return kms.describe_key(KeyId=STATE_KEY_ALIAS)["KeyMetadata"]["KeyId"]
    except kms.exceptions.NotFoundException:
        return None


def _ensure_bucket(account: Account, key: str) -> EnsureResult:
    s3 = account.session.client("s3")
    name = state_bucket(account.settings.account, account.settings.region)
    is_new = not _exists(s3, name)
    if is_new:
        _create_bucket(s3, name, account.settings.region)
    changes = []
    for feature in _features(s3, name, key):
        if not feature.is_set():
            feature.set()
            changes.append(f"{feature.name} set")
    return EnsureResult("state bucket", name, ["created"] if is_new else changes)


def _exists(s3: "S3Client", name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise ActionableError(
            f"The bucket {name} exists, but these credentials have no access ({error.response['Error']['Code']}): "
            "it belongs to another account, or its policy denies access."
        ) from None
    return True


def _create_bucket(s3: "S3Client", name: str, region: str) -> None:
    if region == _DEFAULT_REGION:
        s3.create_bucket(Bucket=name)
    else:
        configuration: Any = {"LocationConstraint": region}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=configuration)


@dataclass(frozen=True)
class _Feature:
    """A setting of a bucket: how to read it, its desired value, and how to set it."""

    name: str
    read: Callable[[], Any]
    wanted: Any
    set: Callable[[], object]

    def is_set(self) -> bool:
        try:
            return bool(self.read() == self.wanted)
        except ClientError as error:
            # Such as NoSuchBucketPolicy: it was never set.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return False


def _features(s3: "S3Client", bucket: str, key: str) -> list[_Feature]:
    blocked: Any = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    ownership: Any = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    encrypted: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules: Any = _lifecycle_rules()
    policy = _tls_only(bucket)
    return [
        _Feature(
            "public access block",
            lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
            blocked,
            lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked),
        ),
        _Feature(
            "ownership",
            lambda: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"],
            ownership,
            lambda: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": ownership}),
        ),
        _Feature(
            "versioning",
            lambda: s3.get_bucket_versioning(Bucket=bucket).get("Status"),
            "Enabled",
            lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}),
        ),
        _Feature(
            "encryption",
            lambda: _encryption(s3, bucket),
            (encrypted, True),
            lambda: s3.put_bucket_encryption(
                Bucket=bucket,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": encrypted, "BucketKeyEnabled": True}]
                },
            ),
        ),
        _Feature(
            "policy",
            lambda: json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
            policy,
            lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy)),
        ),
        _Feature(
            "lifecycle",
            lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
            rules,
            lambda: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules}),
        ),
        _Feature(
            "tags",
            lambda: {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]},
            _TAGS,
            lambda: s3.put_bucket_tagging(
                Bucket=bucket,
                Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in _TAGS.items()]},
            ),
        ),
    ]


def _encryption(s3: "S3Client", bucket: str) -> tuple[Any, bool]:
    """Returns the default encryption and whether a bucket key is used. Ignores newer settings of the rule."""
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    return rule.get("ApplyServerSideEncryptionByDefault"), rule.get("BucketKeyEnabled", False)


def _lifecycle_rules() -> list[Mapping[str, Any]]:
    return [
        {
            "ID": "old-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_VERSION_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_UPLOAD_DAYS},
        }
    ]


def _tls_only(bucket: str) -> Mapping[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _ensure_identity_provider(account: Account, organization: str) -> EnsureResult:
    """Ensures that the account trusts tokens of the pipelines' organization. Source: infra/aws/pipelines.py."""
    iam = account.session.client("iam")
    issuer = f"oidc.circleci.com/org/{organization}"
    arn = f"arn:aws:iam::{account.settings.account}:oidc-provider/{issuer}"
    try:
        audiences = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]
    except iam.exceptions.NoSuchEntityException:
        iam.create_open_id_connect_provider(
            Url=f"https://{issuer}",
            ClientIDList=[organization],
            Tags=[{"Key": name, "Value": value} for name, value in _TAGS.items()],
        )
        return EnsureResult("identity provider", issuer, ["created"])
    if organization in audiences:
        return EnsureResult("identity provider", issuer, [])
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=organization)
    return EnsureResult("identity provider", issuer, ["audience added"])
