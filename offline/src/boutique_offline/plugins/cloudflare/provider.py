# ruff: noqa: N802 - the methods have the names of the protocol
"""The `cloudflare` provider: translates the engine's calls to requests, by the tables of types.py."""

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.cloudflare.api import Api, ApiError
from boutique_offline.plugins.cloudflare.types import FUNCTIONS, RESOURCES, Properties, ResourceType
from boutique_offline.plugins.properties import UNKNOWN, Unknown, contains, decode, encode, reveal
from boutique_offline.plugins.provider import (
    Context,
    EmulatedProvider,
    changed_names,
    check_response,
    diff_response,
    invoke_response,
    not_covered,
)
from boutique_offline.plugins.serving import Engine, PluginError


class CloudflareProvider(EmulatedProvider):
    """Covers DNS records, settings of zones, and the functions that look up zones and address ranges."""

    package = "pulumi-cloudflare"

    def __init__(self, _: Engine) -> None:
        super().__init__()
        self._configured: Api | None = None

    @property
    def _api(self) -> Api:
        if self._configured is None:
            raise PluginError("the engine used the provider before it configured it")
        return self._configured

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        def check() -> Properties:
            settings = decode(request.news)
            if unknown := sorted(settings.keys() - {"version"}):
                raise not_covered(f"cloudflare provider: {', '.join(unknown)}")
            return settings

        return check_response(check)

    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        self._configured = Api()
        return await super().Configure(request, context)

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        def check() -> Properties:
            inputs = decode(request.news)
            if problems := _problems(request.type, _resource_type(request.type), inputs):
                raise PluginError("; ".join(problems))
            return inputs

        return check_response(check)

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        replaces = _resource_type(request.type).replaces
        changed = changed_names(reveal(decode(request.old_inputs)), reveal(decode(request.news)))
        return diff_response(changed, [name for name in changed if name in replaces])

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        resource, inputs = _resource_type(request.type), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(inputs | dict.fromkeys(resource.computed, UNKNOWN)))
        path = resource.collection.format(**reveal(inputs))
        created = await self._api.request(resource.create, path, _content(resource, inputs))
        return provider_pb2.CreateResponse(id=created["id"], properties=encode(inputs | _computed(resource, created)))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        """Reads the properties that have inputs, as a refresh does, or all of them, for an import."""
        resource, inputs, identifier = _resource_type(request.type), decode(request.inputs), request.id
        names = [name for name in resource.members if name in inputs]
        if not inputs:
            inputs, identifier = _import(resource, request.id)
            names = list(resource.members)
        try:
            live = await self._api.request("GET", resource.one.format(**reveal(inputs), id=identifier))
        except ApiError as error:
            if error.not_found:
                return provider_pb2.ReadResponse()
            raise
        now = {name: value for name, value in inputs.items() if name not in resource.members}
        now |= {name: value for name in names if (value := live[resource.members[name]]) is not None}
        properties = encode(now | _computed(resource, live))
        return provider_pb2.ReadResponse(id=identifier, inputs=encode(now), properties=properties)

    async def Update(self, request: provider_pb2.UpdateRequest, _: Context) -> provider_pb2.UpdateResponse:
        resource, inputs = _resource_type(request.type), decode(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=encode(inputs | dict.fromkeys(resource.computed, UNKNOWN)))
        path = resource.one.format(**reveal(inputs), id=request.id)
        live = await self._api.request(resource.update, path, _content(resource, inputs))
        return provider_pb2.UpdateResponse(properties=encode(inputs | _computed(resource, live)))

    async def Delete(self, request: provider_pb2.DeleteRequest, _: Context) -> empty_pb2.Empty:
        resource = _resource_type(request.type)
        if resource.deletes:
            properties = reveal(decode(request.properties)) | {"id": request.id}
            try:
                await self._api.request("DELETE", resource.one.format(**properties))
            except ApiError as error:
                if not error.not_found:
                    raise
        return empty_pb2.Empty()

    async def Invoke(self, request: provider_pb2.InvokeRequest, _: Context) -> provider_pb2.InvokeResponse:
        arguments = reveal(decode(request.args))
        if request.tok not in FUNCTIONS:
            raise not_covered(f"function {request.tok}")
        function = FUNCTIONS[request.tok]
        if unknown := sorted(arguments.keys() - set(function.takes)):
            raise not_covered(f"{request.tok}: argument {unknown[0]}")
        found = await self._api.request("GET", function.path.format(**arguments))
        return invoke_response(arguments | {name: found[member] for name, member in function.members.items()})


def _resource_type(token: str) -> ResourceType:
    if token not in RESOURCES:
        raise not_covered(token)
    return RESOURCES[token]


def _problems(token: str, resource: ResourceType, inputs: Properties) -> list[str]:
    known = {*resource.members, *resource.replaces, *resource.required}
    found = [str(not_covered(f"{token}: {name}")) for name in sorted(inputs.keys() - known)]
    found += [f"{token}: {name} is required" for name in resource.required if inputs.get(name) is None]
    if inputs.get("proxied") is True and inputs.get("ttl") not in (1, None) and not contains(inputs["ttl"], Unknown):
        found.append(f"{token}: ttl must be 1 where proxied is true")
    return found


def _import(resource: ResourceType, import_id: str) -> tuple[Properties, str]:
    """Returns the inputs by which an imported resource is found, and its id."""
    zone, slash, identifier = import_id.partition("/")
    if not (zone and slash and identifier):
        raise PluginError(f"import: {import_id!r}: must be <zone id>/<id>")
    return {"zoneId": zone, **dict.fromkeys(resource.named_by, identifier)}, identifier


def _content(resource: ResourceType, inputs: Properties) -> Properties:
    plain = reveal(inputs)
    return {member: plain[name] for name, member in resource.members.items() if plain.get(name) is not None}


def _computed(resource: ResourceType, live: Properties) -> Properties:
    return {name: live.get(member) for name, member in resource.computed.items()}
