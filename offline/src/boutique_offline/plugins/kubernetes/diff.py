"""What differs between two versions of an object, as paths that the engine and the API understand."""

import re
from enum import Enum
from typing import Any, Final

Path = tuple[str | int, ...]

MISSING: Final = object()


class Change(Enum):
    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


def changes(old: Any, new: Any, path: Path = ()) -> dict[Path, Change]:
    """Every place at which `new` differs from `old`: the deepest one, with indexes in lists."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys: list[str | int] = [*old, *(key for key in new if key not in old)]
        pairs = [(key, old.get(key, MISSING), new.get(key, MISSING)) for key in keys]
    elif isinstance(old, list) and isinstance(new, list):
        length = max(len(old), len(new))
        pairs = [(index, _at(old, index), _at(new, index)) for index in range(length)]
    else:
        return _change(old, new, path)
    found: dict[Path, Change] = {}
    for key, before, after in pairs:
        found |= changes(before, after, (*path, key))
    return found


def _change(old: Any, new: Any, path: Path) -> dict[Path, Change]:
    if old is MISSING:
        return {path: Change.ADD}
    if new is MISSING:
        return {path: Change.DELETE}
    # True == 1 in Python, not in JSON.
    same = old == new and isinstance(old, bool) == isinstance(new, bool)
    return {} if same else {path: Change.UPDATE}


def property_path(path: Path) -> str:
    """The path as Pulumi writes it, such as `spec.ports[0].name` or `metadata.annotations["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.search(r'[."\[\]]', step):
            text += '["{}"]'.format(step.replace('"', r"\""))
        else:
            text += f".{step}" if text else step
    return text


def parse_property_path(text: str) -> Path:
    """The inverse of `property_path`."""
    steps: list[str | int] = []
    for quoted, index, plain in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)', text):
        steps.append(int(index) if index else plain or quoted.replace(r"\"", '"'))
    return tuple(steps)


def at(value: Any, path: Path) -> Any:
    """The part of the value at the path, or MISSING."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and isinstance(step, int):
            value = _at(value, step)
        else:
            return MISSING
    return value


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else MISSING


def drifted(inputs: Any, before: Any, now: Any) -> Any:
    """`inputs` with the live value at each place where the live object changed.

    `before` is the object as it was when the inputs were last applied and `now` as it is. What the cluster adds by
    itself is not in the inputs, and how it writes a value (`500m` for `0.5`) is the same in both, so neither is drift.
    """
    if now is MISSING:
        return MISSING if before is not MISSING else inputs
    if isinstance(inputs, dict) and isinstance(now, dict):
        earlier = before if isinstance(before, dict) else {}
        merged = {
            key: drifted(value, earlier.get(key, MISSING), now.get(key, MISSING)) for key, value in inputs.items()
        }
        return {key: value for key, value in merged.items() if value is not MISSING}
    if isinstance(inputs, list) and isinstance(now, list):
        return _drifted_list(inputs, before if isinstance(before, list) else [], now)
    return inputs if now == before else now


def _drifted_list(inputs: list[Any], before: list[Any], now: list[Any]) -> list[Any]:
    """Items that have names are matched by name, as the API merges them; others by position."""
    if now == before:
        return inputs
    if all(isinstance(item, dict) and "name" in item for item in (*inputs, *before, *now)):
        earlier, live = ({item["name"]: item for item in items} for items in (before, now))
        merged = [drifted(item, earlier.get(item["name"], MISSING), live.get(item["name"], MISSING)) for item in inputs]
        return [item for item in merged if item is not MISSING]
    if len(inputs) == len(now):
        return [drifted(item, _at(before, index), now[index]) for index, item in enumerate(inputs)]
    return now
