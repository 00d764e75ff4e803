"""What a rule is, and how it looks at a resource whose values a preview may not know yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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

    def tags(self) -> Mapping[str, str] | None:
        """Its own and its provider's; None where they are not known yet."""
        everything = self.get("tagsAll")
        if everything is Missing.UNSET:
            own = self.get("tags")
            everything = (
                own if own is Missing.UNKNOWN else {**self.default_tags, **({} if own is Missing.UNSET else own)}
            )
        return None if everything is Missing.UNKNOWN else everything

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
    """The known items of a list; none where there is no list."""
    if isinstance(value, Missing | str | Mapping) or value is None:
        return
    for number in range(len(value)):
        try:
            item = value[number]
        except UnknownValueError:
            continue
        if item is not None:
            yield item


def is_true(value: Any) -> bool:
    return value is True or value == "true"


def is_set(value: Any) -> bool:
    return value not in (Missing.UNSET, None, "", [], {})


def _step(value: Any, key: str) -> Any:
    try:
        if isinstance(value, Sequence) and not isinstance(value, str):
            value = value[0] if len(value) == 1 else {}
        found = value.get(key) if isinstance(value, Mapping) else None
    except UnknownValueError:
        return Missing.UNKNOWN
    return Missing.UNSET if found is None else found
