"""Who owns a field, by the API's own record of managers.

Source: "Server-Side Apply" in the Kubernetes reference, format `FieldsV1`.
"""

import json
from typing import Any

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.kubernetes.diff import Path


def all_managers(manifest: Object) -> set[str]:
    """Who owns any field of the object."""
    return {entry["manager"] for entry in manifest["metadata"].get("managedFields") or []}


def managers(manifest: Object, path: Path) -> set[str]:
    """The managers that own the field, or anything inside it."""
    return {
        entry["manager"]
        for entry in manifest["metadata"].get("managedFields") or []
        if _owns(entry.get("fieldsV1") or {}, manifest, path)
    }


def _owns(fields: Any, value: Any, path: Path) -> bool:
    """Follows the path through a manager's fields; `value` is the object's part at the same place."""
    if not path:
        return True
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        inner = value.get(step) if isinstance(value, dict) else None
        return f"f:{step}" in fields and _owns(fields[f"f:{step}"], inner, rest)
    if not isinstance(value, list) or step >= len(value):
        return False
    # A list that is not merged item by item is owned as a whole, and its entry is empty.
    if not fields:
        return True
    item = value[step]
    return any(_names(key, item) and _owns(inner, item, rest) for key, inner in fields.items())


def _names(key: str, item: Any) -> bool:
    kind, _, text = key.partition(":")
    if kind == "k" and isinstance(item, dict):
        return all(item.get(name) == value for name, value in json.loads(text).items())
    return kind == "v" and bool(json.loads(text) == item)
