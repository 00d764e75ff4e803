"""What Helm renders of a local chart, with what depends on secret values marked as secret."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.kubernetes.diff import changes
from boutique_offline.plugins.kubernetes.manifests import SKIP_AWAIT
from boutique_offline.plugins.kubernetes.resources import Resources
from boutique_offline.plugins.properties import Secret, contains, reveal
from boutique_offline.plugins.serving import PluginError


async def render(release: str, inputs: Object, resources: Resources) -> list[Object]:
    """The chart's objects, with everything secret in them that depends on a secret value.

    What depends on one is found by rendering again with other values in place of the secret ones: whatever differs.
    """
    plain = reveal(inputs)
    namespace = plain.get("namespace") or resources.namespace
    command = [
        *("helm", "template", plain.get("name", release), _local_chart(plain["chart"]), "--namespace", namespace),
        *("--values", "-", "--no-hooks", "--skip-tests", "--kube-version", await resources.kubernetes_version()),
        *([] if plain.get("skipCrds") else ["--include-crds"]),
        *(f"--api-versions={version}" for version in await resources.discovery.api_versions()),
    ]
    values = inputs.get("values", {})
    manifests = await _completed(await _helm(command, reveal(values)), plain, namespace, resources)
    if not contains(values, Secret):
        return manifests
    masked = await _completed(await _helm(command, reveal(mask(values))), plain, namespace, resources)
    return [conceal_what_differs(manifest, masked) for manifest in manifests]


def _local_chart(given: str) -> str:
    """The chart's folder; a name that Helm would look up in a repository is refused."""
    chart = Path(given).absolute()
    if not (chart / "Chart.yaml").is_file():
        raise PluginError(f"{chart} is not the folder of a chart; others are not covered by this stand-in plugin")
    return str(chart)


async def _completed(manifests: list[Object], inputs: Object, namespace: str, resources: Resources) -> list[Object]:
    """With the release's namespace where a kind has namespaces and the chart names none."""
    scopes = {_defined_kind(manifest): manifest["spec"]["scope"] for manifest in manifests if _is_definition(manifest)}
    for manifest in manifests:
        metadata = manifest["metadata"]
        kind = manifest["apiVersion"].rpartition("/")[0], manifest["kind"]
        if scopes[kind] == "Namespaced" if kind in scopes else await resources.namespaced(manifest):
            metadata["namespace"] = metadata.get("namespace") or namespace
        if inputs.get("skipAwait"):
            metadata["annotations"] = (metadata.get("annotations") or {}) | {SKIP_AWAIT: "true"}
    return manifests


async def _helm(command: list[str], values: Object) -> list[Object]:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError:
        raise PluginError("helm is not on PATH; it renders the program's charts") from None
    # By standard input, not by arguments: anyone on the machine can list those.
    output, complaint = await process.communicate(json.dumps(values).encode())
    if process.returncode != 0:
        raise PluginError(f"helm cannot render {command[3]}: {complaint.decode().strip()}")
    documents = yaml.load_all(output, Loader=yaml.CSafeLoader)
    return [manifest for document in documents if document for manifest in _items(document)]


def _items(document: Object) -> Iterable[Object]:
    """A document's objects: itself, or those of a List."""
    return document["items"] if document["kind"] == "List" else [document]


def mask(value: Any) -> Any:
    """The value with others of the same kind and length in place of the secret ones."""
    match value:
        case Secret():
            return _replaced(reveal(value.value))
        case dict():
            return {key: mask(item) for key, item in value.items()}
        case list():
            return [mask(item) for item in value]
        case _:
            return value


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return "".join("b" if character == "a" else "a" for character in value)
        case bool():
            return not value
        case int() | float():
            return value + 1
        case dict():
            return {key: _replaced(item) for key, item in value.items()}
        case list():
            return [_replaced(item) for item in value]
        case _:
            return value


def conceal_what_differs(manifest: Object, masked: list[Object]) -> Object:
    """The manifest with secrets where the masked rendering has something else; all of it if that lacks the object."""
    twin = next((other for other in masked if _identity(other) == _identity(manifest)), None)
    if twin is None:
        metadata = _hidden_but(manifest["metadata"], {"name", "namespace"})
        return _hidden_but(manifest, {"apiVersion", "kind", "metadata"}) | {"metadata": metadata}
    for path in changes(twin, manifest):
        manifest = _conceal_at(manifest, path)
    return manifest


def _hidden_but(value: Object, shown: set[str]) -> Object:
    return {key: item if key in shown else Secret(item) for key, item in value.items()}


def _conceal_at(value: Any, path: Sequence[str | int]) -> Any:
    if isinstance(value, Secret):
        return value
    if not path:
        return Secret(value)
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        return value | {step: _conceal_at(value[step], rest)}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [_conceal_at(item, rest) if index == step else item for index, item in enumerate(value)]
    return value


def _identity(manifest: Object) -> tuple[str, str, str | None, str]:
    metadata = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"]


def _is_definition(manifest: Object) -> bool:
    return str(manifest["kind"]) == "CustomResourceDefinition"


def _defined_kind(definition: Object) -> tuple[str, str]:
    """Group and name of the kind that the object defines."""
    return definition["spec"]["group"], definition["spec"]["names"]["kind"]
