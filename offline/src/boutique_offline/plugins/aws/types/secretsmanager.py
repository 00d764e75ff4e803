"""Secrets and their versions."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, tagging

_SECRET: Final = {"SecretId": "{id}"}


def _recovery(secret: Properties, _: Properties) -> Arguments:
    """Returns when to delete: at once, or after 7 to 30 days. Source: Secrets Manager API reference, DeleteSecret."""
    days = secret.get("recoveryWindowInDays", 30)
    return {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}


TYPES: Final = {
    "Secret": ResourceType(
        service="secretsmanager",
        id="{arn}",
        create=Call("CreateSecret"),
        read=Call("DescribeSecret", _SECRET, result="[@][?deletedDate == null] | [0]"),
        updates=(
            Call("UpdateSecret", _SECRET, takes=("description", "kmsKeyId")),
            Call("PutResourcePolicy", _SECRET, takes=("policy",)),
        ),
        delete=(Call("DeleteSecret", _SECRET, build=_recovery, built=("recoveryWindowInDays",)),),
        tagging=tagging(_SECRET),
        members={"policy": "ResourcePolicy"},
        name="name",
        longest_name=512,
    ),
    # A version cannot be deleted: it is superseded, and disappears with its secret.
    "SecretVersion": ResourceType(
        service="secretsmanager",
        id="{secretId}|{versionId}",
        create=Call("PutSecretValue"),
        read=Call("GetSecretValue", {"SecretId": "{secretId}", "VersionId": "{versionId}"}),
        reads={"secretArn": "arn"},
        secrets=frozenset({"secretString", "secretBinary"}),
    ),
}
