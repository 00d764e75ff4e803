"""Prepares an account for its first stack.

Creates a bucket for Pulumi's state, a key for its secrets, and, if pipelines deploy the stack, their identity provider.
A second run keeps what exists and corrects what has drifted.

The stack itself creates the roles that pipelines assume, so a person has to run the first `boutique up`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
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
"""Without the tag of a stack, no teardown removes these resources."""
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
    for title, noun, argument, value in _bucket_settings(name, key):
        if not _is_set(s3, name, noun, argument, value):
            getattr(s3, f"put_{noun}")(Bucket=name, **{argument: value})
            changes.append(f"{title} set")
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


def _bucket_settings(bucket: str, key: str) -> list[tuple[str, str, str, Any]]:
    """Returns the settings of the bucket: a name, the noun of S3's operations, and the argument with its value."""
    public_access = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    ownership = {"ObjectOwnership": "BucketOwnerEnforced"}
    encryption = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": True,
    }
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [tls_only]})
    lifecycle = {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_VERSION_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_UPLOAD_DAYS},
    }
    tags = [{"Key": name, "Value": value} for name, value in sorted(_TAGS.items())]
    block = dict.fromkeys(public_access, True)
    return [
        ("public access block", "public_access_block", "PublicAccessBlockConfiguration", block),
        ("ownership", "bucket_ownership_controls", "OwnershipControls", {"Rules": [ownership]}),
        ("versioning", "bucket_versioning", "VersioningConfiguration", {"Status": "Enabled"}),
        ("encryption", "bucket_encryption", "ServerSideEncryptionConfiguration", {"Rules": [encryption]}),
        ("policy", "bucket_policy", "Policy", policy),
        ("lifecycle", "bucket_lifecycle_configuration", "LifecycleConfiguration", {"Rules": [lifecycle]}),
        ("tags", "bucket_tagging", "Tagging", {"TagSet": tags}),
    ]


def _is_set(s3: "S3Client", bucket: str, noun: str, argument: str, value: Any) -> bool:
    try:
        response = getattr(s3, f"get_{noun}")(Bucket=bucket)
    except ClientError as error:
        # Such as NoSuchBucketPolicy: it was never set.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    current = response.get(argument, response)
    match noun:
        case "bucket_policy":
            return bool(json.loads(current) == json.loads(value))
        case "bucket_encryption":
            # S3 may add newer settings to the rule.
            (rule,), (desired,) = current["Rules"], value["Rules"]
            return bool(desired.items() <= rule.items())
        case "bucket_tagging":
            return bool(sorted(current["TagSet"], key=itemgetter("Key")) == value["TagSet"])
        case _:
            return all(current.get(key) == desired for key, desired in value.items())


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
