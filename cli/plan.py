"""Reads plans: the output of `pulumi preview --json`, with a step per resource.

Source of the format: Pulumi, pkg/display/json.go.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from boutique_definition.validation import ConfigError

Values = Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """A resource before or after the plan. Values that are not known yet are as Pulumi writes them.

    Args:
        custom: False for a component, which consists only of its children.
        secret: The names of secret outputs.
        retained: True if Pulumi does not delete the resource in the cloud.
        references: The URNs of the resources that each property depends on.
    """

    type: str
    inputs: Values
    outputs: Values = field(default_factory=dict)
    custom: bool = True
    secret: Sequence[str] = ()
    retained: bool = False
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """An operation on a resource.

    Args:
        old: The resource before. None if it is created.
        new: The resource after. None if it is deleted.
        differs: Whether each changed path is one of the inputs. Empty if the provider reports no paths.
        reasons: The properties that cause the operation. Some providers report only these.
    """

    operation: str
    urn: str
    provider: str
    old: State | None
    new: State | None
    differs: Mapping[str, bool] = field(default_factory=dict)
    reasons: Sequence[str] = ()

    @property
    def state(self) -> State:
        """The resource after the operation, or before if it is deleted."""
        return self.new or cast("State", self.old)

    @property
    def name(self) -> str:
        """The name of the resource. Source: a URN is urn:pulumi:<stack>::<project>::<types>::<name>."""
        return self.urn.split("::", 3)[-1]


@dataclass(frozen=True)
class Plan:
    """A plan of a stack.

    Args:
        omitted: The number of unchanged resources that the plan does not list.
    """

    steps: Sequence[Step]
    omitted: int = 0

    @property
    def before(self) -> Mapping[str, State]:
        """The resources before the plan, by URN."""
        return {step.urn: step.old for step in self.steps if step.old}

    @property
    def after(self) -> Mapping[str, State]:
        """The resources after the plan, by URN. A resource that is replaced has several steps."""
        return {step.urn: step.new for step in self.steps if step.new}


def read_plan(path: Path) -> Plan:
    """Reads a plan from a file.

    Raises:
        ConfigError: If the file does not exist or is not a plan.
    """
    try:
        return parse_plan(path.read_text(), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def parse_plan(text: str, source: str) -> Plan:
    """Parses a plan.

    Args:
        text: The output of Pulumi.
        source: The origin of the text, for the error message.

    Raises:
        ConfigError: If the text is not a plan.
    """
    try:
        content = json.loads(text)
        steps = [_step(one) for one in content["steps"]]
        unchanged = int(content.get("changeSummary", {}).get("same", 0))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ConfigError(f"{source}: is not the output of `pulumi preview --json`") from None
    return Plan(steps, max(0, unchanged - sum(step.operation == "same" for step in steps)))


def _step(content: Mapping[str, Any]) -> Step:
    if not (content.get("oldState") or content.get("newState")):
        raise ValueError(content["urn"])
    return Step(
        operation=content["op"],
        urn=content["urn"],
        provider=content.get("provider") or "",
        old=_state(content.get("oldState")),
        new=_state(content.get("newState")),
        differs={path: bool(one["inputDiff"]) for path, one in (content.get("detailedDiff") or {}).items()},
        reasons=content.get("replaceReasons") or content.get("diffReasons") or (),
    )


def _state(content: Mapping[str, Any] | None) -> State | None:
    if not content:
        return None
    return State(
        type=content["type"],
        inputs=content.get("inputs") or {},
        outputs=content.get("outputs") or {},
        custom=bool(content.get("custom", True)),
        secret=content.get("additionalSecretOutputs") or (),
        retained=bool(content.get("retainOnDelete")),
        references=content.get("propertyDependencies") or {},
    )
