"""A plan of Pulumi's as Checkov can read it: AWS' resources as a plan of Terraform's, Kubernetes' objects as manifests.

Source of the shapes: `pulumi preview --json`; Terraform documentation, "JSON Output Format".
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pulumi_policy import proxy

from boutique_definition.validation import ConfigError

_UNKNOWN: Final = {
    proxy.UNKNOWN_ARRAY_VALUE,
    proxy.UNKNOWN_BOOLEAN_VALUE,
    proxy.UNKNOWN_NUMBER_VALUE,
    proxy.UNKNOWN_OBJECT_VALUE,
    proxy.UNKNOWN_STRING_VALUE,
}
_TOKEN: Final = re.compile(r"aws:(?P<module>\w+)/\w+:(?P<name>\w+)")
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PREFIXES: Final = {"ec2": "aws", "rds": "aws_db"}
_TYPES: Final = {"aws:lb/loadBalancer:LoadBalancer": "aws_lb"}
"""Where Terraform's name is not made of the module's and the type's own."""

_MAPS: Final = ("dimensions", "tags", "tagsAll")
"""Whose keys are a user's own; any other object is a block, of which Terraform has lists."""


@dataclass(frozen=True)
class Planned:
    """A resource that would be. `references` are the resources, by URN, that each of its properties comes from."""

    urn: str
    type: str
    inputs: Mapping[str, Any]
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        """Source: a URN is urn:pulumi:<stack>::<project>::<types>::<name>."""
        return self.urn.split("::")[0].rpartition(":")[2]


@dataclass(frozen=True)
class Scannable:
    """What Checkov reads: a plan, and manifests by file. `addresses` and `files` say for which resource each stands."""

    plan: str
    manifests: Mapping[str, str]
    addresses: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def urns(self) -> Mapping[str, str]:
        return {**self.addresses, **self.files}


def read_plan(path: Path) -> list[Planned]:
    """The resources that there are after a plan, one at least. Raises ConfigError for a file that is no such plan."""
    try:
        steps = json.loads(path.read_text())["steps"]
        states = {step["urn"]: step["newState"] for step in steps if step.get("newState")}
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: must be what `pulumi preview --json` prints") from None
    if not states:
        raise ConfigError(f"{path}: must have a resource: after this plan there is none to scan")
    return [
        Planned(urn, state["type"], state.get("inputs") or {}, state.get("propertyDependencies") or {})
        for urn, state in states.items()
    ]


def scannable(resources: Sequence[Planned]) -> Scannable:
    """Addresses and files are numbered: a resource's name is unique only together with its type and its parents."""
    addresses = {
        f"{kind}.n{number}": resource.urn
        for number, resource in enumerate(resources)
        if (kind := terraform_type(resource.type))
    }
    objects = {
        f"{number}.yaml": resource
        for number, resource in enumerate(resources)
        if resource.type.startswith("kubernetes:") and "kind" in resource.inputs
    }
    return Scannable(
        plan=_terraform_plan(resources, {urn: address for address, urn in addresses.items()}),
        manifests={file: yaml.safe_dump(dict(resource.inputs)) for file, resource in objects.items()},
        addresses=addresses,
        files={file: resource.urn for file, resource in objects.items()},
    )


def terraform_type(token: str) -> str | None:
    """Such as `aws_db_instance`, for `aws:rds/instance:Instance`; None for what is not AWS'."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    module = match["module"]
    return _TYPES.get(token) or f"{_PREFIXES.get(module, f'aws_{module}')}_{_snake(match['name'])}"


def _terraform_plan(resources: Sequence[Planned], addresses: Mapping[str, str]) -> str:
    """As `terraform show -json` writes it, of what has an address."""
    managed = [resource for resource in resources if resource.urn in addresses]
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {
                "root_module": {"resources": [_planned(resource, addresses[resource.urn]) for resource in managed]}
            },
            "resource_changes": [_change(resource, addresses[resource.urn]) for resource in managed],
            "configuration": {"root_module": {"resources": [_configuration(one, addresses) for one in managed]}},
        }
    )


def _change(resource: Planned, address: str) -> dict[str, Any]:
    after, unknown = _known_block(resource.inputs), _unknown_block(resource.inputs)
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": unknown}
    return {"address": address, "change": change}


def _planned(resource: Planned, address: str) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "values": _known_block(resource.inputs),
    }


def _configuration(resource: Planned, addresses: Mapping[str, str]) -> dict[str, Any]:
    """What its properties were made of, from which Checkov learns which resources belong together."""
    kind, _, name = addresses[resource.urn].partition(".")
    expressions = {
        _name(key, value): {"references": references}
        for key, value in resource.inputs.items()
        if (references := [addresses[urn] for urn in resource.references.get(key, ()) if urn in addresses])
    }
    return {"address": addresses[resource.urn], "type": kind, "name": name, "expressions": expressions}


def _known_block(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _name(key, value): dict(value) if key in _MAPS else _known(value)
        for key, value in inputs.items()
        if not _is_plumbing(key) and not _is_unknown(value)
    }


def _known(value: Any) -> Any:
    match value:
        case dict():
            return [_known_block(value)]
        case list():
            return [_known_block(item) if isinstance(item, dict) else _known_item(item) for item in value]
        case _:
            return value


def _known_item(item: Any) -> Any:
    """Terraform keeps the place of an item that is not known yet."""
    return None if _is_unknown(item) else item


def _unknown_block(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _name(key, value): _unknown(value)
        for key, value in inputs.items()
        if not _is_plumbing(key) and key not in _MAPS
    }


def _unknown(value: Any) -> Any:
    """True in the place of each value that is not known yet."""
    match value:
        case dict():
            return [_unknown_block(value)]
        case list():
            return [_unknown_block(item) if isinstance(item, dict) else _is_unknown(item) for item in value]
        case _:
            return _is_unknown(value)


def _is_unknown(value: Any) -> bool:
    return isinstance(value, str) and value in _UNKNOWN


def _is_plumbing(key: str) -> bool:
    """Such as `__defaults`, which is Pulumi's own."""
    return key.startswith("__")


def _name(key: str, value: Any) -> str:
    """As in Terraform, where a block is named in the singular, however often it may occur."""
    name = _snake(key)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return re.sub(r"ies$", "y", name) if name.endswith("ies") else re.sub(r"(?<!s)s$", "", name)
    return name


def _snake(name: str) -> str:
    return _WORD.sub("_", name).lower()
