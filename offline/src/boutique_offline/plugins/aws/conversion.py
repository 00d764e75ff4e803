"""Converts between the provider's properties and the members of AWS' operations, by botocore's models."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from boutique_offline.plugins.properties import Unknown
from boutique_offline.plugins.serving import PluginError

Members = Mapping[str, str]


class UncoveredError(PluginError):
    """Raised for a property without a member. The message has its path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"property {path} is not covered by this emulated plugin")


def member_of(shape: StructureShape, path: str, members: Members) -> str | None:
    """Returns the structure's member for the property at a dotted path."""
    name = members.get(path, path.rpartition(".")[2])
    return _by_lower_case(shape).get(name.lower())


def to_api(value: Any, shape: Shape, path: str, members: Members) -> Any:
    """Converts a value for the API. Raises UncoveredError for properties that the shape lacks."""
    if isinstance(value, Unknown):
        return value
    match shape:
        case StructureShape():
            return _to_structure(value, shape, path, members)
        case ListShape():
            # A block that may occur once is an object in Pulumi, and often a list of one item in the API.
            items = value if isinstance(value, list) else [value]
            return [to_api(item, shape.member, path, members) for item in items]
        case MapShape() if isinstance(value, Mapping):
            return {key: to_api(item, shape.value, path, members) for key, item in value.items()}
    return _to_scalar(value, shape.type_name, path)


def _to_structure(value: Any, shape: StructureShape, path: str, members: Members) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        # For example EnableDnsSupport, whose only member is Value.
        if len(shape.members) != 1:
            raise UncoveredError(path)
        name, only = next(iter(shape.members.items()))
        return {name: to_api(value, only, path, members)}
    converted = {}
    for key, item in value.items():
        if item is None:
            continue
        member = member_of(shape, f"{path}.{key}", members)
        if member is None:
            raise UncoveredError(f"{path}.{key}")
        converted[member] = to_api(item, shape.members[member], f"{path}.{key}", members)
    return converted


def _to_scalar(value: Any, type_name: str, path: str) -> Any:
    if isinstance(value, Mapping | list):
        raise UncoveredError(path)
    match type_name:
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "integer" | "long":
            return int(value)
        case "double" | "float":
            return float(value)
        case _:
            return json.dumps(value) if isinstance(value, bool) else str(value)


def from_api(value: Any, shape: Shape | None) -> Any:
    """Converts a response to the provider's spelling. The keys of maps stay as they are."""
    match shape:
        case StructureShape() if isinstance(value, dict):
            return {
                provider_name(name): from_api(item, shape.members.get(name))
                for name, item in value.items()
                if name != "ResponseMetadata"
            }
        case ListShape():
            return [from_api(item, shape.member) for item in value]
        case MapShape():
            return {key: from_api(item, shape.value) for key, item in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


@cache
def provider_name(member: str) -> str:
    """Returns the provider's spelling of a member, such as `dbSubnetGroupName` for `DBSubnetGroupName`."""
    first, *others = xform_name(member).split("_")
    return first + "".join(other.capitalize() for other in others)


def tags_to_api(tags: Mapping[str, str], shape: Shape) -> Any:
    """Converts tags to the map or the list that the service takes."""
    if isinstance(shape, MapShape):
        return dict(tags)
    key, value = _key_and_value(shape)
    return [{key: name, value: text} for name, text in tags.items()]


def tag_keys_to_api(keys: list[str], shape: Shape) -> Any:
    """Converts the keys of tags to what the operation that removes them takes: keys, or tags without a value."""
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        return [{_key_and_value(shape)[0]: name} for name in keys]
    return keys


def tags_from_response(tags: Any) -> dict[str, str]:
    """Returns the tags of a response in the provider's spelling, without those that AWS itself sets."""
    if isinstance(tags, list):
        tags = {tag.get("key", tag.get("tagKey")): tag.get("value", tag.get("tagValue")) for tag in tags}
    return {key: value or "" for key, value in (tags or {}).items() if not key.startswith("aws:")}


def _key_and_value(shape: Any) -> tuple[str, str]:
    names = _by_lower_case(shape.member)
    return names.get("key") or names["tagkey"], names.get("value") or names["tagvalue"]


def _by_lower_case(shape: StructureShape) -> dict[str, str]:
    return {name.lower(): name for name in shape.members}
