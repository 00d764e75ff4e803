"""IAM policy documents. Source: IAM user guide, JSON policy elements."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

_VERSION = "2012-10-17"
Statement = Mapping[str, Any]


def document(*statements: Statement) -> pulumi.Output[str]:
    """Returns an IAM policy with these statements, as JSON. Values in them may be outputs."""
    return pulumi.Output.json_dumps({"Version": _VERSION, "Statement": list(statements)})


def statement(
    actions: Sequence[str], resources: Sequence[pulumi.Input[str]], conditions: Mapping[str, Any] | None = None
) -> Statement:
    """Returns a statement that allows the actions on the resources."""
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return allowed | ({"Condition": conditions} if conditions else {})


def allow(actions: Sequence[str], resources: Sequence[pulumi.Input[str]]) -> pulumi.Output[str]:
    """Returns an IAM policy that allows the actions on the resources."""
    return document(statement(actions, resources))


def assume_role_policy(service: str, *, tag_session: bool = False) -> pulumi.Output[str]:
    """Returns an IAM policy that lets an AWS service assume a role, with session tags if it sets them."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if tag_session else [])]
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": actions})
