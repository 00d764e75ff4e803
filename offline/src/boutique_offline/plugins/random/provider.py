# ruff: noqa: N802 - the methods have the names of the protocol
"""The `random` provider as the engine sees it: values that are drawn once and then live in the stack's state alone."""

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.properties import UNKNOWN, Unknown, contains, decode, encode, reveal
from boutique_offline.plugins.random.generating import GENERATORS, Generator
from boutique_offline.plugins.serving import Engine, PluginError
from boutique_offline.plugins.stand_in import Context, StandIn


class RandomProvider(StandIn):
    """Covers passwords, strings, ids and UUIDs; a password has no `bcryptHash`."""

    package = "pulumi-random"

    def __init__(self, _: Engine) -> None:
        super().__init__()

    async def Configure(self, _: provider_pb2.ConfigureRequest, __: Context) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        inputs = decode(request.news)
        try:
            if not contains(inputs, Unknown):
                _generator(request.type).check(reveal(inputs))
        except PluginError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs), decode(request.news)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=changed)

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        inputs = decode(request.properties)
        generator = _generator(request.type)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(inputs | dict.fromkeys(generator.outputs, UNKNOWN)))
        generated = generator.draw(reveal(inputs))
        return provider_pb2.CreateResponse(id=generated.id, properties=encode(inputs | generated.outputs))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        return provider_pb2.ReadResponse(id=request.id, inputs=request.inputs, properties=request.properties)

    async def Delete(self, _: provider_pb2.DeleteRequest, __: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def _generator(token: str) -> Generator:
    if token not in GENERATORS:
        raise PluginError(f"{token} is not covered by this stand-in plugin")
    return GENERATORS[token]
