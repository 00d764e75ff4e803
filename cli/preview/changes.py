"""Summarizes the steps of a plan as one change per resource, with the changed fields."""

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.plan import Plan, State, Step, Values
from cli.preview.secrets import HIDDEN, display, is_secret


class Change(enum.Enum):
    """The kinds of changes, the most important first."""

    REPLACED = "replaced"
    DELETED = "deleted"
    CHANGED = "changed"
    CREATED = "created"


@dataclass(frozen=True)
class Field:
    """A changed field. The values are JSON without secrets, or None if there is no value."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ChangedResource:
    """A changed resource.

    Args:
        reasons: The properties that cause a replacement.
        retained: True if Pulumi does not delete the resource in the cloud.
    """

    change: Change
    type: str
    name: str
    fields: Sequence[Field] = ()
    reasons: Sequence[str] = ()
    retained: bool = False

    @property
    def loses_data(self) -> bool:
        """True if the change deletes the data of a store."""
        return self.change in {Change.REPLACED, Change.DELETED} and self.type in _STORES and not self.retained


_STORES: Final = {
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kms/key:Key",  # Its encrypted data is lost with it.
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:core/v1:Namespace",  # Its content is deleted with it.
    "kubernetes:core/v1:PersistentVolume",
    "kubernetes:core/v1:PersistentVolumeClaim",
}

_CHANGES: Final = {
    "create": Change.CREATED,
    "import": Change.CREATED,
    "update": Change.CHANGED,
    "delete": Change.DELETED,
    "replace": Change.REPLACED,
    "create-replacement": Change.REPLACED,
    "delete-replaced": Change.REPLACED,
    "import-replacement": Change.REPLACED,
}
"""The operations of Pulumi that change a resource. Source: Pulumi, pkg/resource/deploy/step.go."""

_ALWAYS_SECRET: Final = {"kubernetes:core/v1:Secret": ("data", "stringData")}
_KEY: Final = re.compile(r"""\[(?P<index>\d+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|(?P<plain>[^.\[\]]+)""")
"""A segment of a path. Source: Pulumi, sdk/go/common/resource/property_path.go."""

_ABSENT: Final = object()


def changed_resources(plan: Plan) -> list[ChangedResource]:
    """Returns the changed resources, the most important first. Omits components, which consist of other resources."""
    steps: dict[str, Step] = {}
    for step in plan.steps:
        # A replacement has several steps, and only "replace" has both states.
        if step.operation in _CHANGES and step.state.custom and not (step.urn in steps and step.operation != "replace"):
            steps[step.urn] = step
    order = list(Change)
    return sorted(map(_changed, steps.values()), key=lambda one: (order.index(one.change), one.type, one.name))


def _changed(step: Step) -> ChangedResource:
    change = _CHANGES[step.operation]
    return ChangedResource(
        change=change,
        type=step.state.type,
        name=step.name,
        fields=list(_fields(step.old, step.new, step)) if step.old and step.new else (),
        reasons=step.reasons if change is Change.REPLACED else (),
        retained=bool(step.old and step.old.retained),
    )


def _fields(old: State, new: State, step: Step) -> Iterator[Field]:
    differs = step.differs or _compare(old, new)
    for path, is_input in differs.items():
        if path.startswith("__"):
            continue
        keys = _keys(path)
        states = (old.inputs, old.outputs, new.inputs)
        before = _look_up(old.inputs if is_input else old.outputs, keys)
        after = _look_up(new.inputs, keys)
        if _is_secret(keys, old, new, states):
            yield Field(path, None if before is _ABSENT else HIDDEN, None if after is _ABSENT else HIDDEN)
            continue
        counterparts = [value for state in states if (value := _look_up(state, keys)) is not _ABSENT]
        yield Field(
            path,
            None if before is _ABSENT else display(before, *counterparts),
            None if after is _ABSENT else display(after, *counterparts),
        )


def _compare(old: State, new: State) -> dict[str, bool]:
    """Compares the states if the provider reports no paths: the inputs, or else the outputs with the inputs."""
    keys = {**old.inputs, **new.inputs}
    inputs = {key: True for key in keys if old.inputs.get(key) != new.inputs.get(key)}
    return inputs or {
        key: False for key, value in new.inputs.items() if key in old.outputs and old.outputs[key] != value
    }


def _is_secret(keys: Sequence[str | int], old: State, new: State, states: Sequence[Values]) -> bool:
    if keys and keys[0] in {*old.secret, *new.secret, *_ALWAYS_SECRET.get(new.type, ())}:
        return True
    return any(is_secret(_look_up(state, keys[:length])) for state in states for length in range(1, len(keys) + 1))


def _keys(path: str) -> list[str | int]:
    return [
        int(match["index"]) if match["index"] else match["plain"] or match["quoted"].replace('\\"', '"')
        for match in _KEY.finditer(path)
    ]


def _look_up(value: Any, keys: Sequence[str | int]) -> Any:
    for key in keys:
        if not isinstance(value, dict | list):
            return _ABSENT
        try:
            value = value[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value
