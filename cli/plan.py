"""What `pulumi preview --json` printed: a step for each resource. Source of its shape: Pulumi, pkg/display/json.go."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from boutique_definition.validation import ConfigError

Values = Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """A resource before or after. Values that are not known yet stay as Pulumi writes them.

    One that is not `custom` is a component, which is its children and nothing else. `secret` are the names of outputs
    that are secret; what is `retained` is only forgotten when Pulumi deletes it.
    """

    type: str
    inputs: Values
    outputs: Values = field(default_factory=dict)
    custom: bool = True
    secret: Sequence[str] = ()
    retained: bool = False


@dataclass(frozen=True)
class Step:
    """What is done to a resource: `old` is None where it is made, `new` where it is deleted.

    `differs` says of each changed path whether it is one of the inputs.
    Where the provider does not say paths, `differs` is empty, and `reasons` may have names of properties.
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
        return self.new or cast("State", self.old)

    @property
    def name(self) -> str:
        """Source: a URN is urn:pulumi:<stack>::<project>::<types>::<name>."""
        return self.urn.split("::", 3)[-1]


@dataclass(frozen=True)
class Plan:
    """`left_out` are resources that stay as they are, and that the plan does not show."""

    steps: Sequence[Step]
    left_out: int = 0

    @property
    def before(self) -> Sequence[tuple[str, Values]]:
        """Type and inputs of each resource that there is."""
        return _resources({step.urn: step.old for step in self.steps if step.old})

    @property
    def after(self) -> Sequence[tuple[str, Values]]:
        """Type and inputs of each resource that there is once the plan is carried out."""
        # A resource that is replaced has several steps.
        return _resources({step.urn: step.new for step in self.steps if step.new})


def read_plan(path: Path) -> Plan:
    """Raises ConfigError where the file is not there or is no plan."""
    try:
        return parse_plan(path.read_text(), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def parse_plan(text: str, source: str) -> Plan:
    """Raises ConfigError, which names the source, where the text is no plan."""
    try:
        content = json.loads(text)
        steps = [_step(given) for given in content["steps"]]
        same = int(content.get("changeSummary", {}).get("same", 0))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ConfigError(f"{source}: is not what `pulumi preview --json` prints") from None
    return Plan(steps, max(0, same - sum(step.operation == "same" for step in steps)))


def _step(given: Mapping[str, Any]) -> Step:
    if not (given.get("oldState") or given.get("newState")):
        raise ValueError(given["urn"])
    return Step(
        operation=given["op"],
        urn=given["urn"],
        provider=given.get("provider") or "",
        old=_state(given.get("oldState")),
        new=_state(given.get("newState")),
        differs={path: bool(one["inputDiff"]) for path, one in (given.get("detailedDiff") or {}).items()},
        reasons=given.get("replaceReasons") or given.get("diffReasons") or (),
    )


def _state(given: Mapping[str, Any] | None) -> State | None:
    if not given:
        return None
    return State(
        type=given["type"],
        inputs=given.get("inputs") or {},
        outputs=given.get("outputs") or {},
        custom=bool(given.get("custom", True)),
        secret=given.get("additionalSecretOutputs") or (),
        retained=bool(given.get("retainOnDelete")),
    )


def _resources(states: Mapping[str, State]) -> Sequence[tuple[str, Values]]:
    return [(state.type, state.inputs) for state in states.values()]
