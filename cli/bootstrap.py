"""What an account needs before its first stack: a place for Pulumi's state, a key for its secrets, and, where pipelines
are to deploy, the identity provider that vouches for them. Repeatable: what is there is kept, what has drifted mended.

The roles that pipelines assume are the stack's own, so the first `up` of a stack is a person's.
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
"""No stack's tag, so that no teardown takes it along."""
_MAKES_BUCKETS_WITHOUT_A_PLACE = "us-east-1"
"""Source: S3 API, CreateBucketConfiguration."""


@dataclass(frozen=True)
class Ensured:
    """One thing that is now as it must be, and what had to be done for that; nothing where it was so before."""

    what: str
    name: str
    changes: list[str]

    def __str__(self) -> str:
        return f"{self.what:18} {self.name}   {', '.join(self.changes) or 'as it was'}"


def bootstrap(account: Account) -> None:
    """Makes or mends all of it, and prints what was done and what Pulumi is told."""
    for ensured in ensure(account):
        print(ensured)
    settings = account.settings
    bucket = state_bucket(settings.account, settings.region)
    provider = f"awskms://{STATE_KEY_ALIAS}?region={settings.region}"
    print(
        f"\n`make` targets use these by themselves; for `pulumi` by hand:\n"
        f"  export PULUMI_BACKEND_URL='s3://{bucket}?region={settings.region}'\n"
        f"  pulumi stack init --secrets-provider='{provider}' {account.stack}\n"
        f"Next:  make up STACK={account.stack}"
    )


def ensure(account: Account) -> Iterator[Ensured]:
    """Each thing in its turn. Raises ActionableError where the bucket's name is another account's."""
    key, ensured = _ensure_key(account.session.client("kms"))
    yield ensured
    yield _ensure_bucket(account, key)
    if account.settings.pipelines:
        yield _ensure_identity_provider(account, account.settings.pipelines.organization)


def _ensure_key(kms: "KMSClient") -> tuple[str, Ensured]:
    """The ARN of the key that the alias names, and what became of it."""
    found = _find_key(kms)
    key = found or _create_key(kms)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    changes = []
    if metadata["KeyState"] == "PendingDeletion":
        kms.cancel_key_deletion(KeyId=key)
        changes.append("its deletion cancelled")
    if metadata["KeyState"] in {"PendingDeletion", "Disabled"}:
        kms.enable_key(KeyId=key)
        changes.append("enabled")
    if not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]:
        kms.enable_key_rotation(KeyId=key)
        changes.append("rotation turned on")
    return metadata["Arn"], Ensured("key", STATE_KEY_ALIAS, changes if found else ["made"])


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


def _ensure_bucket(account: Account, key: str) -> Ensured:
    s3 = account.session.client("s3")
    name = state_bucket(account.settings.account, account.settings.region)
    made = not _is_there(s3, name)
    if made:
        _create_bucket(s3, name, account.settings.region)
    changes = []
    for feature in _features(s3, name, key):
        if not feature.is_right():
            feature.set()
            changes.append(f"{feature.name} set")
    return Ensured("state bucket", name, ["made"] if made else changes)


def _is_there(s3: "S3Client", name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise ActionableError(
            f"The bucket {name} is there, but not for these credentials ({error.response['Error']['Code']}): "
            "it is another account's, or its policy keeps them out."
        ) from None
    return True


def _create_bucket(s3: "S3Client", name: str, region: str) -> None:
    if region == _MAKES_BUCKETS_WITHOUT_A_PLACE:
        s3.create_bucket(Bucket=name)
    else:
        configuration: Any = {"LocationConstraint": region}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=configuration)


@dataclass(frozen=True)
class _Feature:
    """Something that is set on a bucket: how it is read, how it must be, how it is set."""

    name: str
    read: Callable[[], Any]
    wanted: Any
    set: Callable[[], object]

    def is_right(self) -> bool:
        try:
            return bool(self.read() == self.wanted)
        except ClientError as error:
            # Such as NoSuchBucketPolicy: what was never set.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return False


def _features(s3: "S3Client", bucket: str, key: str) -> list[_Feature]:
    closed: Any = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    ownership: Any = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    encrypted: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules: Any = _lifecycle_rules()
    policy = _tls_alone(bucket)
    return [
        _Feature(
            "public access block",
            lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
            closed,
            lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed),
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
    """The default, and whether S3 asks the key once for many objects; newer features of the rule are left alone."""
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


def _tls_alone(bucket: str) -> Mapping[str, Any]:
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


def _ensure_identity_provider(account: Account, organization: str) -> Ensured:
    """Of the pipelines' organization, whose tokens are for the organization itself. Source: infra/aws/pipelines.py."""
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
        return Ensured("identity provider", issuer, ["made"])
    if organization in audiences:
        return Ensured("identity provider", issuer, [])
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=organization)
    return Ensured("identity provider", issuer, ["audience added"])
