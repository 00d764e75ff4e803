"""IAM policies allow only what is needed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.policies.rules import Missing, Resource, Rule, items

_KEY: Final = "aws:kms/key:Key"
_DOCUMENTS: Final = {
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:iam/policy:Policy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    _KEY: "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
}
_ATTACHMENTS: Final = {
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/role:Role": "managedPolicyArns",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
}
_ADMINISTRATORS: Final = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def _wildcards(resource: Resource) -> Iterator[str]:
    path = _DOCUMENTS[resource.type]
    document = resource.get(path)
    if not isinstance(document, str):
        return
    for number, statement in enumerate(_list(json.loads(document).get("Statement"))):
        if statement.get("Effect") == "Allow":
            yield from (f"{path}.Statement[{number}].{line}" for line in _too_much(statement, resource.type))


def _too_much(statement: Mapping[str, Any], resource_type: str) -> Iterator[str]:
    actions = _list(statement.get("Action"))
    if "*" in actions:
        yield "Action: '*': must name what is allowed"
    if "NotAction" in statement:
        yield "NotAction: must be Action: it allows everything else, also what AWS adds later"
    services = [action for action in actions if action.endswith(":*")]
    # In the policy of a key, "*" is that key.
    everything = "*" in _list(statement.get("Resource")) and resource_type != _KEY
    if everything and services and not statement.get("Condition"):
        yield f"Resource: '*': must name the resources of {', '.join(services)}, or have a condition"
    principal = statement.get("Principal")
    everyone = principal == "*" or (isinstance(principal, Mapping) and "*" in _list(principal.get("AWS")))
    if everyone and not statement.get("Condition"):
        yield "Principal: '*': must name who is trusted, or have a condition"


NO_WILDCARDS: Final = Rule(
    "no-wildcards", "No IAM policy allows everything or everyone.", tuple(_DOCUMENTS), _wildcards
)


def _administrators(resource: Resource) -> Iterator[str]:
    path = _ATTACHMENTS[resource.type]
    attached = resource.get(path)
    for arn in [attached] if isinstance(attached, str) else items(attached):
        if not isinstance(arn, Missing) and arn.rpartition("/")[2] in _ADMINISTRATORS:
            yield f"{path}: {arn!r}: must be a policy for what the role does"


NO_ADMINISTRATORS: Final = Rule(
    "no-administrators",
    "No role has an AWS managed policy that allows nearly everything.",
    tuple(_ATTACHMENTS),
    _administrators,
)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
