"""A plan of Pulumi's as Checkov can read it: AWS' resources as a plan of Terraform's, the others as manifests.

Source of the shapes: `pulumi preview --json`; Terraform documentation, "JSON Output Format".
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_SECRET: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 (the key of Pulumi's special values, which is public)
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_TOKEN: Final = re.compile(r"^aws:(?P<module>[a-z0-9]+)/[A-Za-z0-9]+:(?P<name>[A-Za-z0-9]+)$")
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Where the provider's name is not its module's and its own in snake case.
_MODULES: Final[Mapping[str, str]] = {"ec2": "", "lb": "lb", "rds": "db", "vpc": "vpc"}
_TYPES: Final[Mapping[str, str]] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "aws_default_security_group",
    "aws:cloudwatch/logGroup:LogGroup": "aws_cloudwatch_log_group",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "aws_cloudwatch_metric_alarm",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
    "aws:s3/bucket:Bucket": "aws_s3_bucket",
    "aws:budgets/budget:Budget": "aws_budgets_budget",
}
_MAPS: Final = ("tags", "tags_all", "parameters")
"""Whose keys are a user's own; any other object is a block, of which Terraform has lists."""


@dataclass(frozen=True)
class Planned:
    """A resource that would be. `address` is what Checkov calls it, once its plan or manifest is made."""

    type: str
    name: str
    inputs: Mapping[str, Any]


def read_plan(path: Path) -> list[Planned]:
    """The resources of a plan that are not deleted by it."""
    steps = json.loads(path.read_text())["steps"]
    states = [step["newState"] for step in steps if step.get("newState")]
    return [
        Planned(state["type"], state["urn"].rpartition("::")[2], _plain(state.get("inputs") or {})) for state in states
    ]


def terraform_type(token: str) -> str | None:
    """Such as `aws_db_instance`, for `aws:rds/instance:Instance`; None for what is not AWS'."""
    if token in _TYPES:
        return _TYPES[token]
    match = _TOKEN.match(token)
    if match is None:
        return None
    module = _MODULES.get(match["module"], match["module"])
    return "_".join(part for part in ("aws", module, _snake(match["name"])) if part)


def terraform_plan(resources: list[Planned]) -> str:
    """As `terraform show -json` writes it."""
    planned = list(_terraform_resources(resources))
    changes = [
        {
            **resource,
            "change": {"actions": ["create"], "before": None, "after": resource["values"], "after_unknown": {}},
        }
        for resource in planned
    ]
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": planned}},
            "resource_changes": changes,
            "configuration": {"root_module": {}},
        }
    )


def manifests(resources: list[Planned]) -> str:
    """Of all Kubernetes objects, as YAML documents."""
    objects = [resource.inputs for resource in resources if resource.type.startswith("kubernetes:")]
    return yaml.safe_dump_all([content for content in objects if "kind" in content])


def _terraform_resources(resources: list[Planned]) -> Iterator[dict[str, Any]]:
    for resource in resources:
        kind = terraform_type(resource.type)
        if kind is None:
            continue
        name = re.sub(r"[^A-Za-z0-9_-]", "_", resource.name)
        yield {
            "address": f"{kind}.{name}",
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "values": _terraform_values(resource.inputs),
        }


def _terraform_values(inputs: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for key, value in inputs.items():
        if key.startswith("__"):
            continue
        name = _snake(key)
        values[name] = value if name in _MAPS and isinstance(value, dict) else _blocks(value)
    return values


def _blocks(value: Any) -> Any:
    match value:
        case dict():
            return [_terraform_values(value)]
        case list():
            return [_terraform_values(item) if isinstance(item, dict) else item for item in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    """Without Pulumi's wrapping of secrets; what is not known yet is left out."""
    match value:
        case dict() if _SECRET in value:
            return "secret"
        case dict():
            return {key: _plain(item) for key, item in value.items() if item != _UNKNOWN}
        case list():
            return [_plain(item) for item in value if item != _UNKNOWN]
        case _:
            return value


def _snake(name: str) -> str:
    return _WORD.sub("_", name).lower()
