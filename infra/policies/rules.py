"""The parts of a rule, and access to the values of a resource, which a preview may not know yet."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from infra.config.settings import check_settings, read_settings


class Missing(Enum):
    """Stands for a value that is not set, or not known before the resource is created."""

    UNSET = "not set"
    UNKNOWN = "not known yet"

    def __repr__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Stack:
    """The properties of a stack that rules depend on.

    Args:
        local: Whether the stack runs on one machine.
        production: Whether the stack holds users' data.
    """

    name: str
    local: bool = False
    production: bool = False


@functools.cache
def read_stack(name: str) -> Stack:
    """Reads the properties from the stack's settings file.

    Raises:
        ConfigError: The file is missing or wrong.
    """
    settings = check_settings(name, read_settings(name))
    return Stack(name, settings.local is not None, settings.aws is not None and settings.aws.production)


@dataclass(frozen=True)
class Resource:
    """A resource as a rule sees it. `default_tags` come from its provider."""

    type: str
    name: str
    stack: Stack
    properties: Mapping[str, Any]
    default_tags: Mapping[str, str] = field(default_factory=dict)

    def tags(self) -> AbstractSet[str] | None:
        """Returns the names of its own tags and of its provider's, or None if they are not known yet."""
        given = [self.get("tags"), self.get("tagsAll")]
        if Missing.UNKNOWN in given:
            return None
        return {*self.default_tags, *(name for tags in given if tags is not Missing.UNSET for name in tags)}

    def get(self, path: str) -> Any:
        """Returns the value at a path such as "vpcConfig.publicAccessCidrs", or a Missing."""
        return look_up(self.properties, path)


@dataclass(frozen=True)
class Rule:
    """`check` yields one message per violation. It is called for resources whose type starts with one of `types`."""

    name: str
    description: str
    types: Sequence[str]
    check: Callable[[Resource], Iterator[str]]

    def violations(self, resource: Resource) -> list[str]:
        """Returns the messages for a resource, each with its name in front."""
        if not resource.type.startswith(tuple(self.types)):
            return []
        return [f"{resource.name}: {line}" for line in self.check(resource)]


@dataclass(frozen=True)
class Property:
    """A property that a type must have. `must` says which values are allowed, and how to get there."""

    type: str
    path: str
    allowed: Callable[[Any], bool]
    must: str


def property_rule(name: str, description: str, *properties: Property) -> Rule:
    """Returns a rule that checks these properties. A value that is not known yet is checked once it is."""

    def check(resource: Resource) -> Iterator[str]:
        for rule in properties:
            value = resource.get(rule.path) if resource.type == rule.type else Missing.UNKNOWN
            if value is not Missing.UNKNOWN and not rule.allowed(value):
                yield f"{rule.path}: {value!r}: must be {rule.must}"

    return Rule(name, description, sorted({rule.type for rule in properties}), check)


def look_up(value: Any, path: str) -> Any:
    """Returns the value at the path within another, or a Missing. A list of one item stands for that item."""
    for key in path.split("."):
        value = _step(value, key)
        if isinstance(value, Missing):
            return value
    return value


def items(value: Any) -> Iterator[Any]:
    """Yields the items of a list, with Missing.UNKNOWN for one that is not known yet. Yields none for other values."""
    if isinstance(value, Missing | str | Mapping) or value is None:
        return
    for number in range(len(value)):
        try:
            item = value[number]
        except UnknownValueError:
            item = Missing.UNKNOWN
        if item is not None:
            yield item


def has(value: Any, wanted: AbstractSet[str]) -> bool:
    """Returns whether a list may have all of these: an item that is not known yet may be any."""
    found = set(items(value))
    return Missing.UNKNOWN in found or wanted <= found


def is_true(value: Any) -> bool:
    """Returns whether a value is true, also if it is written as text. False for one that is missing."""
    return value is True or value == "true"


def is_set(value: Any) -> bool:
    """Returns whether a value is neither empty nor unset. True for one that is not known yet."""
    return value not in (Missing.UNSET, None, "", [], {})


def _step(value: Any, key: str) -> Any:
    if isinstance(value, Missing):
        return value
    try:
        if isinstance(value, Sequence) and not isinstance(value, str):
            value = value[0] if len(value) == 1 else {}
        found = value.get(key) if isinstance(value, Mapping) else None
    except UnknownValueError:
        return Missing.UNKNOWN
    return Missing.UNSET if found is None else found
