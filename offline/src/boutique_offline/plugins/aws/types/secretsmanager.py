"""Secrets and what they hold."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging

_SECRET: Final = {"SecretId": "{id}"}


def _recovery(secret: Properties, _: Properties) -> Arguments:
    """Source: Secrets Manager API reference, DeleteSecret: at once, or after 7 to 30 days."""
    days = secret.get("recoveryWindowInDays", 30)
    return {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}


TYPES: Final = {
    "Secret": ResourceType(
        service="secretsmanager",
        id="{arn}",
        create=Call("CreateSecret"),
        read=Call("DescribeSecret", _SECRET, answer="[@][?deletedDate == null] | [0]"),
        updates=(
            Call("UpdateSecret", _SECRET, takes=("description", "kmsKeyId")),
            Call("PutResourcePolicy", _SECRET, takes=("policy",)),
        ),
        delete=(Call("DeleteSecret", _SECRET, build=_recovery, built=("recoveryWindowInDays",)),),
        tagging=Tagging(add=Call("TagResource", _SECRET), remove=Call("UntagResource", _SECRET)),
        members={"policy": "ResourcePolicy"},
        name="name",
        longest_name=512,
    ),
    # A version is never deleted, only outdated: it goes with its secret.
    "SecretVersion": ResourceType(
        service="secretsmanager",
        id="{secretId}|{versionId}",
        create=Call("PutSecretValue"),
        read=Call("GetSecretValue", {"SecretId": "{secretId}", "VersionId": "{versionId}"}),
        reads={"secretArn": "arn"},
        secrets=frozenset({"secretString", "secretBinary"}),
    ),
}
