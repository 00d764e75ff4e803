"""Translates a Pulumi plan for Checkov: AWS resources to a Terraform plan, Kubernetes objects to manifests.

Source of the formats: `pulumi preview --json`; Terraform documentation, "JSON Output Format".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pulumi_policy import proxy

from cli.plan import State, Values

_UNKNOWN: Final = {
    proxy.UNKNOWN_ARRAY_VALUE,
    proxy.UNKNOWN_BOOLEAN_VALUE,
    proxy.UNKNOWN_NUMBER_VALUE,
    proxy.UNKNOWN_OBJECT_VALUE,
    proxy.UNKNOWN_STRING_VALUE,
}
_TYPE: Final = re.compile(r"aws:(?P<module>\w+)/\w+:(?P<name>\w+)")
_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PREFIXES: Final = {"ec2": "aws", "rds": "aws_db"}
"""The modules whose Terraform types do not start with `aws_<module>`."""
_TYPES: Final = {"aws:lb/loadBalancer:LoadBalancer": "aws_lb"}
"""The types that are not named after their module and name."""
_MAPS: Final = ("dimensions", "tags", "tagsAll")
"""The properties with keys of the user's choice. All other objects are blocks, which Terraform writes as lists."""


@dataclass(frozen=True)
class Translation:
    """The input for Checkov.

    Args:
        plan: A Terraform plan as JSON.
        manifests: Kubernetes manifests by file name.
        addresses: The URNs of the AWS resources by their address in the plan.
        files: The URNs of the Kubernetes objects by file name.
    """

    plan: str
    manifests: Mapping[str, str]
    addresses: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def urns(self) -> Mapping[str, str]:
        """The URNs by address or file name."""
        return {**self.addresses, **self.files}


def translate(resources: Mapping[str, State]) -> Translation:
    """Translates the resources, by URN.

    Addresses and files have numbers, since resources with different parents may have the same type and name.
    """
    numbered = list(enumerate(resources.items()))
    addresses = {urn: f"{kind}.n{number}" for number, (urn, one) in numbered if (kind := terraform_type(one.type))}
    objects = {
        f"{number}.yaml": urn
        for number, (urn, one) in numbered
        if one.type.startswith("kubernetes:") and "kind" in one.inputs
    }
    return Translation(
        plan=json.dumps(_terraform_plan(resources, addresses)),
        manifests={file: yaml.safe_dump(dict(resources[urn].inputs)) for file, urn in objects.items()},
        addresses={address: urn for urn, address in addresses.items()},
        files=objects,
    )


def terraform_type(token: str) -> str | None:
    """Returns Terraform's name of a type, such as `aws_db_instance` for `aws:rds/instance:Instance`.

    Returns None for the types of other providers.
    """
    if (match := _TYPE.fullmatch(token)) is None:
        return None
    module = match["module"]
    return _TYPES.get(token) or f"{_PREFIXES.get(module, f'aws_{module}')}_{_snake_case(match['name'])}"


def _terraform_plan(resources: Mapping[str, State], addresses: Mapping[str, str]) -> dict[str, Any]:
    """Returns a plan in the format of `terraform show -json`."""
    planned, changes, configured = [], [], []
    for urn, address in addresses.items():
        kind, _, name = address.partition(".")
        identity = {"address": address, "mode": "managed", "type": kind, "name": name}
        inputs = resources[urn].inputs
        known = _known_block(inputs)
        planned.append({**identity, "provider_name": "registry.terraform.io/hashicorp/aws", "values": known})
        change = {"actions": ["create"], "before": None, "after": known, "after_unknown": _unknown_block(inputs)}
        changes.append({"address": address, "change": change})
        configured.append({**identity, "expressions": _expressions(resources[urn], addresses)})
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


def _expressions(resource: State, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Returns the references of each property, by which Checkov connects resources."""
    return {
        _property_name(key, value): {"references": references}
        for key, value in resource.inputs.items()
        if (references := [addresses[urn] for urn in resource.references.get(key, ()) if urn in addresses])
    }


def _known_block(inputs: Values) -> dict[str, Any]:
    return {
        _property_name(key, value): dict(value) if key in _MAPS else _known(value)
        for key, value in inputs.items()
        if not _is_internal(key) and not _is_unknown(value)
    }


def _known(value: Any) -> Any:
    match value:
        case dict():
            return [_known_block(value)]
        case list():
            # An unknown item keeps its place in the list.
            return [
                _known_block(item) if isinstance(item, dict) else None if _is_unknown(item) else item for item in value
            ]
        case _:
            return value


def _unknown_block(inputs: Values) -> dict[str, Any]:
    return {
        _property_name(key, value): _unknown(value)
        for key, value in inputs.items()
        if not _is_internal(key) and key not in _MAPS
    }


def _unknown(value: Any) -> Any:
    """Returns a structure like the value's, with True for each value that is not known yet."""
    match value:
        case dict():
            return [_unknown_block(value)]
        case list():
            return [_unknown_block(item) if isinstance(item, dict) else _is_unknown(item) for item in value]
        case _:
            return _is_unknown(value)


def _is_unknown(value: Any) -> bool:
    return isinstance(value, str) and value in _UNKNOWN


def _is_internal(key: str) -> bool:
    """Returns whether the property is Pulumi's own, such as `__defaults`."""
    return key.startswith("__")


def _property_name(key: str, value: Any) -> str:
    """Returns Terraform's name of a property. A repeatable block has its name in the singular."""
    name = _snake_case(key)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return re.sub(r"ies$", "y", name) if name.endswith("ies") else re.sub(r"(?<!s)s$", "", name)
    return name


def _snake_case(name: str) -> str:
    return _WORD_START.sub("_", name).lower()
