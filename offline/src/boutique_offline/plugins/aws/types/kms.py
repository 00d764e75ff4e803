"""Keys and their aliases."""

from typing import Final

from boutique_offline.plugins.aws.table import Call, ResourceType, tagging

_KEY: Final = {"KeyId": "{id}"}
_POLICY: Final = _KEY | {"PolicyName": "default"}

TYPES: Final = {
    "Key": ResourceType(
        service="kms",
        id="{keyId}",
        create=Call("CreateKey", result="keyMetadata"),
        # A key that is scheduled for deletion counts as deleted.
        read=Call("DescribeKey", _KEY, result="[keyMetadata][?keyState != 'PendingDeletion'] | [0]"),
        updates=(
            Call(
                "EnableKeyRotation",
                _KEY,
                takes=("rotationPeriodInDays",),
                built=("enableKeyRotation",),
                when=lambda key: bool(key.get("enableKeyRotation")),
            ),
            Call(
                "DisableKeyRotation",
                _KEY,
                built=("enableKeyRotation",),
                when=lambda key: not key.get("enableKeyRotation"),
            ),
            Call("UpdateKeyDescription", _KEY, takes=("description",)),
            Call("PutKeyPolicy", _POLICY, takes=("policy",)),
        ),
        details=(
            Call("GetKeyRotationStatus", _KEY, result="{enableKeyRotation: keyRotationEnabled}"),
            Call("GetKeyPolicy", _POLICY, result="{policy: policy}"),
        ),
        delete=(Call("ScheduleKeyDeletion", _KEY, takes=("deletionWindowInDays",)),),
        tagging=tagging(_KEY, read="ListResourceTags"),
        members={"deletionWindowInDays": "PendingWindowInDays"},
        holds_data=True,
    ),
    "Alias": ResourceType(
        service="kms",
        id="{name}",
        create=Call("CreateAlias"),
        read=Call("ListAliases", {"KeyId": "{targetKeyId}"}, result="aliases[?aliasName == '{name}'] | [0]"),
        updates=(Call("UpdateAlias", {"AliasName": "{name}"}, takes=("targetKeyId",)),),
        delete=(Call("DeleteAlias", {"AliasName": "{name}"}),),
        members={"name": "AliasName"},
        reads={"arn": "aliasArn"},
        unique=True,
    ),
}
