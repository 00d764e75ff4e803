"""Whether what AWS answers is what the program asked for, and the two as one state."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def agrees(asked: Any, live: Any) -> bool:
    """Whether a live value has all that was asked for. AWS adds defaults, orders lists anew and formats documents."""
    live = _as_asked(asked, live)
    match asked:
        case Mapping() if isinstance(live, Mapping):
            return all(value is None or (key in live and agrees(value, live[key])) for key, value in asked.items())
        case list() if isinstance(live, list):
            return len(asked) == len(live) and _paired(asked, live)
        case bool():
            return live is asked or str(live).lower() == str(asked).lower()
        case str() if isinstance(live, str):
            return asked == live or _same_document(asked, live)
        case _:
            return bool(asked == live) or str(asked) == str(live)


def merge(asked: Any, live: Any) -> Any:
    """What was asked for, and beside it what AWS added."""
    live = _as_asked(asked, live)
    if isinstance(asked, Mapping) and isinstance(live, Mapping):
        return {**live, **{key: merge(value, live.get(key)) for key, value in asked.items()}}
    return asked


def drifted(asked: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they are now; what AWS does not tell stays as it was asked for."""
    return {
        name: value if live.get(name) is None or _is_as_asked(name, value, live[name]) else _as_asked(value, live[name])
        for name, value in asked.items()
    }


def _is_as_asked(name: str, asked: Any, live: Any) -> bool:
    # One tag more is someone's, not a default of AWS'.
    return bool(asked == live) if name == "tags" else agrees(asked, live)


def _as_asked(asked: Any, live: Any) -> Any:
    """In the form that was asked for: a block that may occur only once is an object here and a list of one there,
    and botocore parses documents of IAM.
    """
    match asked:
        case Mapping() if isinstance(live, list) and len(live) == 1:
            return live[0]
        case list() if isinstance(live, Mapping):
            return [live]
        case str() if isinstance(live, Mapping | list):
            return json.dumps(live)
    return live


def _paired(asked: list[Any], live: list[Any]) -> bool:
    left = list(live)
    for item in asked:
        found = next((number for number, other in enumerate(left) if agrees(item, other)), None)
        if found is None:
            return False
        del left[found]
    return True


def _same_document(asked: str, live: str) -> bool:
    with suppress(ValueError):
        return bool(json.loads(asked) == json.loads(live))
    return False
