"""`kubernetes.helm.v4.Chart`: what Helm renders of a local chart, as resources of the program.

Helm only renders; it installs nothing and keeps no release. Hooks and tests are left out, as in the official plugin.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import grpc.aio
import yaml
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from local.plugins.kubernetes.api import Object
from local.plugins.kubernetes.diff import changes
from local.plugins.kubernetes.manifests import SKIP_AWAIT
from local.plugins.kubernetes.naming import object_id, token_of_kind
from local.plugins.kubernetes.resources import Resources
from local.plugins.properties import ResourceReference, Secret, Unknown, contains, decode, encode, reveal
from local.plugins.serving import CHANNEL_OPTIONS, Engine, PluginError

CHART: Final = "kubernetes:helm.sh/v4:Chart"

_COVERED: Final = {"chart", "name", "namespace", "values", "skipCrds", "skipAwait", "resourcePrefix"}
_NEEDED_BY_OTHERS: Final = {"CustomResourceDefinition", "Namespace"}
_KEEP: Final = "helm.sh/resource-policy"


async def construct_chart(
    request: provider_pb2.ConstructRequest, resources: Resources, engine: Engine
) -> provider_pb2.ConstructResponse:
    """Registers the chart and each object in it. Raises PluginError for a setting or chart that is not covered."""
    inputs = {name: value for name, value in decode(request.inputs).items() if value is not None}
    if unknown := sorted(inputs.keys() - _COVERED):
        raise PluginError(f"Chart {request.name}: {unknown[0]!r} is not covered by this stand-in plugin")
    async with grpc.aio.insecure_channel(request.monitorEndpoint, options=CHANNEL_OPTIONS) as channel:
        registration = _Registration(request, resource_pb2_grpc.ResourceMonitorStub(channel))
        urn = await registration.register_chart()
        if contains(inputs, Unknown):
            engine.warn(urn, "the chart's values are not all known yet, so what it makes is not shown")
            outputs = struct_pb2.Struct()
        else:
            manifests = await _render(request.name, inputs, resources)
            children = await registration.register_objects(urn, manifests, reveal(inputs))
            outputs = encode({"resources": children})
        await registration.finish(urn, outputs)
    return provider_pb2.ConstructResponse(urn=urn, state=outputs)


class _Registration:
    """Registers resources with the engine on behalf of the program that asked for a chart."""

    def __init__(self, request: provider_pb2.ConstructRequest, monitor: Any) -> None:
        self._request = request
        self._monitor = monitor
        self._dependencies = {
            *request.dependencies,
            *(urn for dependency in request.inputDependencies.values() for urn in dependency.urns),
        }

    async def register_chart(self) -> str:
        request = self._request
        answer: resource_pb2.RegisterResourceResponse = await self._monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=False,
                acceptSecrets=True,
                acceptResources=True,
                aliases=request.aliases,
                dependencies=sorted(self._dependencies),
                protect=request.protect,
                providers=request.providers,
            )
        )
        return answer.urn

    async def register_objects(self, chart: str, manifests: list[Object], inputs: Object) -> list[ResourceReference]:
        """Definitions and namespaces first, and everything else depending on them."""
        prefix = inputs.get("resourcePrefix", self._request.name)
        first = [manifest for manifest in manifests if manifest["kind"] in _NEEDED_BY_OTHERS]
        rest = [manifest for manifest in manifests if manifest["kind"] not in _NEEDED_BY_OTHERS]
        needed = await asyncio.gather(*(self._register(chart, prefix, manifest, []) for manifest in first))
        urns = [reference.urn for reference in needed]
        return [*needed, *await asyncio.gather(*(self._register(chart, prefix, manifest, urns) for manifest in rest))]

    async def finish(self, chart: str, outputs: struct_pb2.Struct) -> None:
        await self._monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=chart, outputs=outputs)
        )

    async def _register(self, chart: str, prefix: str, manifest: Object, needed: Sequence[str]) -> ResourceReference:
        request = self._request
        annotations = reveal(manifest["metadata"]).get("annotations") or {}
        answer = await self._monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=token_of_kind(manifest["apiVersion"], manifest["kind"]),
                name=f"{prefix}:{object_id(reveal(manifest))}",
                parent=chart,
                custom=True,
                object=encode(manifest),
                provider=request.providers.get("kubernetes", ""),
                dependencies=sorted({*self._dependencies, *needed}),
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
                protect=request.protect,
                retainOnDelete=annotations.get(_KEEP) == "keep",
            )
        )
        return ResourceReference(answer.urn, answer.id)


async def _render(release: str, inputs: Object, resources: Resources) -> list[Object]:
    """The chart's objects, with everything secret in them that depends on a secret value.

    What depends on one is found by rendering again with other values in place of the secret ones: whatever differs.
    """
    plain = reveal(inputs)
    namespace = plain.get("namespace") or resources.namespace
    command = [
        *("helm", "template", plain.get("name", release), plain["chart"], "--namespace", namespace),
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
