"""Roles and their policies."""

from typing import Final

from boutique_offline.plugins.aws.table import Call, ResourceType, Waiter, tagging

_ROLE: Final = {"RoleName": "{name}"}
_ROLE_POLICY: Final = {"RoleName": "{role}", "PolicyName": "{name}"}

TYPES: Final = {
    "Role": ResourceType(
        service="iam",
        id="{name}",
        create=Call("CreateRole", result="role"),
        read=Call("GetRole", _ROLE, result="role"),
        updates=(
            Call(
                "UpdateAssumeRolePolicy",
                _ROLE,
                build=lambda role, _: {"PolicyDocument": role["assumeRolePolicy"]},
                built=("assumeRolePolicy",),
            ),
            Call("UpdateRole", _ROLE, takes=("description", "maxSessionDuration")),
        ),
        delete=(Call("DeleteRole", _ROLE),),
        tagging=tagging(_ROLE, "TagRole", "UntagRole"),
        members={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        reads={"uniqueId": "roleId"},
        created=Waiter("role_exists", _ROLE),
        name="name",
        longest_name=64,
    ),
    "RolePolicy": ResourceType(
        service="iam",
        id="{role}:{name}",
        create=Call("PutRolePolicy"),
        read=Call("GetRolePolicy", _ROLE_POLICY),
        updates=(Call("PutRolePolicy", _ROLE_POLICY, takes=("policy",)),),
        delete=(Call("DeleteRolePolicy", _ROLE_POLICY),),
        members={"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
        name="name",
        longest_name=128,
    ),
    "RolePolicyAttachment": ResourceType(
        service="iam",
        id="{role}/{policyArn}",
        create=Call("AttachRolePolicy"),
        read=Call(
            "ListAttachedRolePolicies",
            {"RoleName": "{role}"},
            result="attachedPolicies[?policyArn == '{policyArn}'] | [0]",
        ),
        delete=(Call("DetachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),),
        members={"role": "RoleName"},
        unique=True,
    ),
}
