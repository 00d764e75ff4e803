"""Policy documents of IAM. Source of their shape: IAM user guide, JSON policy elements."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

_VERSION = "2012-10-17"
Statement = Mapping[str, Any]


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy of these statements, as JSON; values in them may be outputs."""
    return pulumi.Output.json_dumps({"Version": _VERSION, "Statement": list(statements)})


def statement(
    actions: Sequence[str], resources: Sequence[pulumi.Input[str]], conditions: Mapping[str, Any] | None = None
) -> Statement:
    """Allows the actions on the resources, named one by one or by a prefix."""
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return allowed | ({"Condition": conditions} if conditions else {})


def allow(actions: Sequence[str], resources: Sequence[pulumi.Input[str]]) -> pulumi.Output[str]:
    """A policy of one statement."""
    return document(statement(actions, resources))


def trust_service(service: str, *, tag_session: bool = False) -> pulumi.Output[str]:
    """Lets a service of AWS assume the role; with tags on its session where that service sets them."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if tag_session else [])]
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": actions})
