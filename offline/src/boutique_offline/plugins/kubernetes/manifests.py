"""The manifest that a resource's inputs describe, and the resource's state that a live object makes."""

import base64
from collections.abc import Callable
from typing import Any

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.kubernetes.diff import drifted
from boutique_offline.plugins.properties import UNKNOWN, Secret, conceal, reveal

INPUTS = "__inputs"
SKIP_AWAIT = "pulumi.com/skipAwait"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"

_SERVER_SET = ("uid", "resourceVersion", "creationTimestamp", "generation")


def is_secret_kind(manifest: Object) -> bool:
    return manifest.get("apiVersion") == "v1" and manifest.get("kind") == "Secret"


def annotated(manifest: Object, annotation: str) -> bool:
    """Whether the object has the annotation, as true."""
    return str((manifest["metadata"].get("annotations") or {}).get(annotation)).lower() == "true"


def without_nulls(value: Any) -> Any:
    """The value without what is null, which means "not set" in a program."""
    match value:
        case Secret():
            return Secret(without_nulls(value.value))
        case dict():
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [without_nulls(item) for item in value]
        case _:
            return value


def to_apply(inputs: Object) -> Object:
    """The manifest to send for plain inputs.

    A Secret's `stringData` goes as `data`: the API keeps no owner for the former, so a key taken out of it would stay.
    """
    manifest: Object = _renamed(inputs, _for_api)
    if not is_secret_kind(manifest) or "stringData" not in manifest:
        return manifest
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in manifest.pop("stringData").items()}
    return manifest | {"data": manifest.get("data", {}) | encoded}


def state(inputs: Object, live: Object) -> Object:
    """A resource's state: the live object (plain), with secrets where the inputs that it was applied from have them."""
    outputs: Object = _renamed(with_secrets(_without_managers(live), inputs), _for_program)
    return outputs | {INPUTS: inputs}


def previewed(inputs: Object, dry_run: Object) -> Object:
    """The state that a create will probably make: what the server sets only when it does is not known."""
    metadata = dry_run["metadata"] | dict.fromkeys(_SERVER_SET, UNKNOWN)
    expected = {key: value for key, value in dry_run.items() if key != "status"} | {"metadata": metadata}
    return state(inputs, expected)


def with_secrets(manifest: Object, like: Object) -> Object:
    """The plain manifest with secrets where `like` has them and, in a Secret, all of its data."""
    return with_secret_data(conceal(manifest, like))


def with_secret_data(manifest: Object) -> Object:
    """The manifest with all data as a secret if it is a Secret, however the program gave it."""
    fields = [field for field in ("data", "stringData") if field in manifest and is_secret_kind(manifest)]
    return manifest | {field: Secret(reveal(manifest[field])) for field in fields}


def live_inputs(inputs: Object, before: Object, now: Object) -> Object:
    """The inputs as they would have to be to make the live object, for each field that changed since `before`."""
    merged: Object = drifted(inputs, _as_text(before, inputs), _as_text(_renamed(now, _for_program), inputs))
    return merged


def inputs_of_unmanaged(live: Object) -> Object:
    """Inputs for an object that is being imported: all of it but what the server sets."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in (*_SERVER_SET, "managedFields")}
    return {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}


def _as_text(live: Object, inputs: Object) -> Object:
    """A live Secret with `stringData` where the inputs have it, so that the two can be compared."""
    keys = (inputs.get("stringData") or {}).keys() if is_secret_kind(inputs) else ()
    data = live.get("data") or {}
    text = {key: base64.b64decode(data[key]).decode(errors="replace") for key in keys if key in data}
    return live | {"stringData": text} if keys else live


def _without_managers(live: Object) -> Object:
    return live | {"metadata": {key: value for key, value in live["metadata"].items() if key != "managedFields"}}


def _for_program(key: str) -> str:
    """Extension fields have names in programs that can be attributes there."""
    return key.replace("-", "_") if key.startswith("x-kubernetes-") else key


def _for_api(key: str) -> str:
    return key.replace("_", "-") if key.startswith("x_kubernetes_") else key


def _renamed(value: Any, name: Callable[[str], str]) -> Any:
    match value:
        case Secret():
            return Secret(_renamed(value.value, name))
        case dict():
            return {name(key): _renamed(item, name) for key, item in value.items()}
        case list():
            return [_renamed(item, name) for item in value]
        case _:
            return value
