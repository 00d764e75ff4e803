"""Compares what the program set with what AWS returns, and merges the two into one state."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def matches(wanted: Any, live: Any) -> bool:
    """Returns whether a live value has everything that was set.

    AWS adds defaults, reorders lists and reformats documents.
    """
    live = _in_form_of(wanted, live)
    match wanted:
        case Mapping() if isinstance(live, Mapping):
            return all(value is None or (key in live and matches(value, live[key])) for key, value in wanted.items())
        case list() if isinstance(live, list):
            return len(wanted) == len(live) and _paired(wanted, live)
        case bool():
            return live is wanted or str(live).lower() == str(wanted).lower()
        case str() if isinstance(live, str):
            return wanted == live or _same_document(wanted, live)
        case _:
            return bool(wanted == live) or str(wanted) == str(live)


def merge(wanted: Any, live: Any) -> Any:
    """Returns what was set together with what AWS added."""
    live = _in_form_of(wanted, live)
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {**live, **{key: merge(value, live.get(key)) for key, value in wanted.items()}}
    return wanted


def drifted(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the inputs as they are now. Inputs that AWS does not return are unchanged."""
    return {
        name: value
        if live.get(name) is None or _is_unchanged(name, value, live[name])
        else _in_form_of(value, live[name])
        for name, value in wanted.items()
    }


def _is_unchanged(name: str, wanted: Any, live: Any) -> bool:
    # AWS has no default tags: an additional tag is drift.
    return bool(wanted == live) if name == "tags" else matches(wanted, live)


def _in_form_of(wanted: Any, live: Any) -> Any:
    """Returns a live value in the form of the one that was set.

    A block that may occur once is an object for the provider and a list of one item for AWS, and botocore parses IAM
    documents.
    """
    match wanted:
        case Mapping() if isinstance(live, list) and len(live) == 1:
            return live[0]
        case list() if isinstance(live, Mapping):
            return [live]
        case str() if isinstance(live, Mapping | list):
            return json.dumps(live)
    return live


def _paired(wanted: list[Any], live: list[Any]) -> bool:
    left = list(live)
    for item in wanted:
        found = next((number for number, other in enumerate(left) if matches(item, other)), None)
        if found is None:
            return False
        del left[found]
    return True


def _same_document(wanted: str, live: str) -> bool:
    with suppress(ValueError):
        return bool(json.loads(wanted) == json.loads(live))
    return False
