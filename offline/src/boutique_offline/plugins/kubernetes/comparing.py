"""What an update of a resource would change, and whether the object can be changed or must be replaced."""

from dataclasses import dataclass, field
from typing import Final

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.kubernetes.diff import Change, Path, changes
from boutique_offline.plugins.kubernetes.manifests import REPLACE_UNREADY
from boutique_offline.plugins.kubernetes.naming import AUTONAMED

_IDENTITY: Final[list[Path]] = [("metadata", "name"), ("metadata", "namespace"), ("kind",), ("apiVersion",)]
_DATA: Final[list[Path]] = [("data",), ("binaryData",), ("stringData",), ("type",)]


@dataclass(frozen=True)
class Comparison:
    """What an update would change, and which of it needs a new object."""

    changes: dict[Path, Change]
    replacing: list[Path] = field(default_factory=list)
    delete_first: bool = False
    """Whether the old object must go before the new one can be made, because they have one name."""


def compare(old: Object, live: Object, new: Object, mutable_kinds: frozenset[str]) -> Comparison:
    """Compares plain inputs. `live` is the object that the old ones made; it tells the namespace that they left out."""
    old = _with_namespace_of(live, old, new)
    found = changes(old, new)
    rules = _replaced_by_rule(new, mutable_kinds)
    return _comparison(old, new, found, [path for path in found if _starts_with_any(path, rules)])


def replaced_for(comparison: Comparison, old: Object, new: Object, immutable: list[Path]) -> Comparison:
    """The comparison, with the fields that the cluster refuses to change as a reason to replace."""
    found = comparison.changes
    refused = [path for path in found if _starts_with_any(path, immutable)]
    # What is refused may be a field that follows from what was changed.
    return _comparison(old, new, found, refused or (list(found) if immutable else []))


def replaced_unready(comparison: Comparison, old: Object, new: Object) -> Comparison:
    """The comparison, with the annotation that asks for it as a reason to replace an object that is not ready."""
    path: Path = ("metadata", "annotations", REPLACE_UNREADY)
    return _comparison(old, new, comparison.changes | {path: Change.UPDATE}, [*comparison.replacing, path])


def _comparison(old: Object, new: Object, found: dict[Path, Change], replacing: list[Path]) -> Comparison:
    same_name = _identity(old) == _identity(new)
    autonamed = AUTONAMED in (_metadata(new).get("annotations") or {})
    return Comparison(found, replacing, delete_first=bool(replacing) and same_name and not autonamed)


def _replaced_by_rule(manifest: Object, mutable_kinds: frozenset[str]) -> list[Path]:
    """What is replaced though the cluster would change it, as in the official plugin.

    Pods do not notice that a ConfigMap changes, but they do notice that they are given another one.
    """
    holds_data = manifest["apiVersion"] == "v1" and manifest["kind"] in {"ConfigMap", "Secret"}
    return _IDENTITY + (_DATA if holds_data and manifest["kind"] not in mutable_kinds else [])


def _with_namespace_of(live: Object, old: Object, new: Object) -> Object:
    """Old inputs that named no namespace, with the one that the object got, if that is also the new one."""
    namespace = _metadata(live).get("namespace")
    if not namespace or _metadata(old).get("namespace") or _metadata(new).get("namespace") != namespace:
        return old
    return old | {"metadata": old["metadata"] | {"namespace": namespace}}


def _identity(manifest: Object) -> tuple[str | None, str | None]:
    return _metadata(manifest).get("namespace"), _metadata(manifest).get("name")


def _metadata(manifest: Object) -> Object:
    """The manifest's metadata as far as it is known: in a preview all of it may depend on other resources."""
    metadata = manifest.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _starts_with_any(path: Path, prefixes: list[Path]) -> bool:
    return any(path[: len(prefix)] == prefix for prefix in prefixes)
