"""Whoever may do something in AWS may do just that."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.policies.rules import Missing, Resource, Rule

_DOCUMENTS: Final = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
}
_ADMINISTRATORS: Final = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def _wildcards(resource: Resource) -> Iterator[str]:
    path = _DOCUMENTS[resource.type]
    document = resource.get(path)
    if not isinstance(document, str):
        return
    for number, statement in enumerate(_list(json.loads(document)["Statement"])):
        if statement["Effect"] == "Allow":
            yield from (f"{path}.Statement[{number}].{line}" for line in _too_much(statement))


def _too_much(statement: Mapping[str, Any]) -> Iterator[str]:
    if "*" in _list(statement.get("Action")):
        yield "Action: '*': must name what is allowed"
    everything = "*" in _list(statement.get("Resource"))
    services = [action for action in _list(statement.get("Action")) if action.endswith(":*")]
    if everything and services and not statement.get("Condition"):
        yield f"Resource: '*': must name the resources of {', '.join(services)}, or have a condition"
    principal = statement.get("Principal")
    everyone = principal == "*" or (isinstance(principal, Mapping) and "*" in _list(principal.get("AWS")))
    if everyone and not statement.get("Condition"):
        yield "Principal: '*': must name who is trusted, or have a condition"


NO_WILDCARDS: Final = Rule("no-wildcards", "No policy allows everything, or everyone.", tuple(_DOCUMENTS), _wildcards)


def _administrators(resource: Resource) -> Iterator[str]:
    arn = resource.get("policyArn")
    if not isinstance(arn, Missing) and str(arn).rpartition("/")[2] in _ADMINISTRATORS:
        yield f"policyArn: {arn!r}: must be a policy of what the role does"


NO_ADMINISTRATORS: Final = Rule(
    "no-administrators",
    "No role has one of AWS' policies that allow nearly everything.",
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment",),
    _administrators,
)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
