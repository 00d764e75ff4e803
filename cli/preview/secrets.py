"""Hides secrets in values. A value that is secret on one side of a change is hidden on both."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi.runtime.rpc import UNKNOWN

HIDDEN: Final = "[secret]"
"""Pulumi's placeholder for a secret in a plan."""

_UNKNOWN_LABEL: Final = "(known after creation)"
_SIGNATURE: Final = ("4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270")
"""The key and value that mark an object as a secret. Source: Pulumi, sdk/go/common/resource/sig."""


def is_secret(value: Any) -> bool:
    """Returns whether a value in a plan is a secret."""
    return value == HIDDEN or (isinstance(value, Mapping) and value.get(_SIGNATURE[0]) == _SIGNATURE[1])


def display(value: Any, *counterparts: Any) -> str:
    """Returns a value as JSON without its secrets.

    Args:
        value: The value in a plan.
        counterparts: The same value in other states. Also hides the parts that are secret there.
    """
    return json.dumps(_hide(value, counterparts), ensure_ascii=False, sort_keys=True)


def _hide(value: Any, counterparts: Sequence[Any]) -> Any:
    if is_secret(value) or any(map(is_secret, counterparts)):
        return HIDDEN
    match value:
        case str():
            return _UNKNOWN_LABEL if value == UNKNOWN else value
        case dict():
            others = [other for other in counterparts if isinstance(other, dict)]
            return {
                key: _hide(item, [other[key] for other in others if key in other])
                for key, item in value.items()
                if not key.startswith("__")
            }
        case list():
            return _hide_items(value, [other for other in counterparts if isinstance(other, list)])
        case _:
            return value


def _hide_items(items: list[Any], counterparts: Sequence[list[Any]]) -> Any:
    if any(len(other) != len(items) and _has_secret(other) for other in counterparts):
        # The items can't be matched.
        return HIDDEN
    alike = [other for other in counterparts if len(other) == len(items)]
    return [_hide(item, [other[index] for other in alike]) for index, item in enumerate(items)]


def _has_secret(value: Any) -> bool:
    if is_secret(value):
        return True
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_secret, within))
