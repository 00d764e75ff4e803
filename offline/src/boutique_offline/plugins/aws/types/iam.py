"""Roles, policies, instance profiles and identity providers."""

from typing import Final

from boutique_offline.plugins.aws.table import Call, Properties, ResourceType, Waiter, tagging

_ROLE: Final = {"RoleName": "{name}"}
_ROLE_POLICY: Final = {"RoleName": "{role}", "PolicyName": "{name}"}
_POLICY: Final = {"PolicyArn": "{id}"}
_PROVIDER: Final = {"OpenIDConnectProviderArn": "{id}"}
_PROFILE: Final = {"InstanceProfileName": "{name}"}


def _with_scheme(provider: Properties) -> str | None:
    return f"https://{provider['url']}" if "url" in provider else None


TYPES: Final = {
    "Role": ResourceType(
        service="iam",
        id="{name}",
        create=Call("CreateRole", answer="role"),
        read=Call("GetRole", _ROLE, answer="role"),
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
            answer="attachedPolicies[?policyArn == '{policyArn}'] | [0]",
        ),
        delete=(Call("DetachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),),
        members={"role": "RoleName"},
        unique=True,
    ),
    "Policy": ResourceType(
        service="iam",
        id="{arn}",
        create=Call("CreatePolicy", answer="policy"),
        read=Call("GetPolicy", _POLICY, answer="policy"),
        details=(
            Call(
                "GetPolicyVersion",
                _POLICY | {"VersionId": "{defaultVersionId}"},
                answer="{policy: policyVersion.document}",
            ),
        ),
        updates=(Call("CreatePolicyVersion", _POLICY | {"SetAsDefault": True}, takes=("policy",)),),
        delete=(Call("DeletePolicy", _POLICY),),
        tagging=tagging(_POLICY, "TagPolicy", "UntagPolicy"),
        members={"name": "PolicyName", "policy": "PolicyDocument"},
        created=Waiter("policy_exists", _POLICY),
        name="name",
        longest_name=128,
    ),
    "OpenIdConnectProvider": ResourceType(
        service="iam",
        id="{openIdConnectProviderArn}",
        create=Call("CreateOpenIDConnectProvider"),
        read=Call("GetOpenIDConnectProvider", _PROVIDER),
        updates=(Call("UpdateOpenIDConnectProviderThumbprint", _PROVIDER, takes=("thumbprintLists",), whole=True),),
        delete=(Call("DeleteOpenIDConnectProvider", _PROVIDER),),
        tagging=tagging(_PROVIDER, "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider"),
        members={"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
        # AWS returns the URL without a scheme.
        reads={"url": _with_scheme},
        computed={"arn": "{id}"},
        unique=True,
    ),
    "InstanceProfile": ResourceType(
        service="iam",
        id="{name}",
        create=Call("CreateInstanceProfile", answer="instanceProfile"),
        following=(Call("AddRoleToInstanceProfile", _PROFILE | {"RoleName": "{role}"}),),
        read=Call("GetInstanceProfile", _PROFILE, answer="instanceProfile"),
        delete=(
            Call("RemoveRoleFromInstanceProfile", _PROFILE | {"RoleName": "{role}"}),
            Call("DeleteInstanceProfile", _PROFILE),
        ),
        tagging=tagging(_PROFILE, "TagInstanceProfile", "UntagInstanceProfile"),
        members={"name": "InstanceProfileName"},
        reads={"role": "roles[0].roleName", "uniqueId": "instanceProfileId"},
        name="name",
        longest_name=128,
    ),
}
