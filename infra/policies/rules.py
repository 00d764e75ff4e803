"""What a rule is, and how it looks at a resource whose values a preview may not know yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError


class Missing(Enum):
    """Instead of a value: one that is not set, or not known before the resource is made."""

    UNSET = "not set"
    UNKNOWN = "not known yet"

    def __repr__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Resource:
    """A resource as a rule sees it. `stack` is the environment's name; `default_tags` come from its provider."""

    type: str
    name: str
    stack: str
    properties: Mapping[str, Any]
    default_tags: Mapping[str, str] = field(default_factory=dict)

    def tags(self) -> AbstractSet[str] | None:
        """The names of its own tags and of its provider's; None where they are not known yet."""
        given = [self.get("tags"), self.get("tagsAll")]
        if Missing.UNKNOWN in given:
            return None
        return {*self.default_tags, *(name for tags in given if tags is not Missing.UNSET for name in tags)}

    def get(self, path: str) -> Any:
        """The value at a path such as "vpcConfig.publicAccessCidrs", or what is missing of it."""
        return look_up(self.properties, path)


@dataclass(frozen=True)
class Rule:
    """`check` answers, for a resource whose type begins with one of `types`, a line for each violation."""

    name: str
    description: str
    types: Sequence[str]
    check: Callable[[Resource], Iterator[str]]

    def violations(self, resource: Resource) -> list[str]:
        if not resource.type.startswith(tuple(self.types)):
            return []
        return [f"{resource.name}: {line}" for line in self.check(resource)]


@dataclass(frozen=True)
class Property:
    """A property of a type, at a path, that must be of a kind; `must` says of which, and how to mend it."""

    type: str
    path: str
    allowed: Callable[[Any], bool]
    must: str


PROTECTED_STACKS: Final = ("prod",)


def property_rule(name: str, description: str, *properties: Property) -> Rule:
    """A rule of what properties must be. One that is not known yet is checked when it is."""

    def check(resource: Resource) -> Iterator[str]:
        for rule in properties:
            value = resource.get(rule.path) if resource.type == rule.type else Missing.UNKNOWN
            if value is not Missing.UNKNOWN and not rule.allowed(value):
                yield f"{rule.path}: {value!r}: must be {rule.must}"

    return Rule(name, description, sorted({rule.type for rule in properties}), check)


def look_up(value: Any, path: str) -> Any:
    """The value at the path within another, or what is missing of it. A list of one is looked into."""
    for key in path.split("."):
        value = _step(value, key)
        if isinstance(value, Missing):
            return value
    return value


def items(value: Any) -> Iterator[Any]:
    """The items of a list, one that is not known yet as such; none where there is no list."""
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
    """Whether a list has all of these, as far as is known: an item that is not known yet may be any."""
    found = set(items(value))
    return Missing.UNKNOWN in found or wanted <= found


def is_true(value: Any) -> bool:
    return value is True or value == "true"


def is_set(value: Any) -> bool:
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
