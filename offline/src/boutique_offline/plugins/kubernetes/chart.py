"""`kubernetes.helm.v4.Chart`: what Helm renders of a local chart, as resources of the program.

Helm only renders; it installs nothing and keeps no release. Hooks and tests are left out, as in the official plugin.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import grpc.aio
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.kubernetes.helm import render
from boutique_offline.plugins.kubernetes.naming import object_id, token_of_kind
from boutique_offline.plugins.kubernetes.resources import Resources
from boutique_offline.plugins.properties import ResourceReference, Unknown, contains, decode, encode, reveal
from boutique_offline.plugins.serving import CHANNEL_OPTIONS, Engine, PluginError

CHART: Final = "kubernetes:helm.sh/v4:Chart"

_COVERED: Final = {"chart", "name", "namespace", "values", "skipCrds", "skipAwait", "resourcePrefix"}
_NEEDED_BY_OTHERS: Final = {"CustomResourceDefinition", "Namespace"}
_RESOURCE_POLICY: Final = "helm.sh/resource-policy"


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
            manifests = await render(request.name, inputs, resources)
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
                retainOnDelete=annotations.get(_RESOURCE_POLICY) == "keep",
            )
        )
        return ResourceReference(answer.urn, answer.id)
