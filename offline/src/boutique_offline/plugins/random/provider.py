# ruff: noqa: N802 - the methods have the names of the protocol
"""The `random` provider: generates values once, which are then kept only in the stack's state."""

from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.properties import UNKNOWN, Unknown, contains, decode, encode, reveal
from boutique_offline.plugins.provider import (
    Context,
    EmulatedProvider,
    changed_names,
    check_response,
    diff_response,
    not_covered,
)
from boutique_offline.plugins.random.generators import GENERATORS, Generator
from boutique_offline.plugins.serving import Engine


class RandomProvider(EmulatedProvider):
    """Covers passwords, strings, ids and UUIDs. A password has no `bcryptHash`."""

    package = "pulumi-random"

    def __init__(self, _: Engine) -> None:
        super().__init__()

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        inputs = decode(request.news)

        def check() -> dict[str, Any]:
            generator = _generator(request.type)
            if not contains(inputs, Unknown):
                generator.check(reveal(inputs))
            return inputs

        return check_response(check)

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        changed = changed_names(decode(request.old_inputs), decode(request.news))
        return diff_response(changed, changed)

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        inputs, generator = decode(request.properties), _generator(request.type)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(inputs | dict.fromkeys(generator.outputs, UNKNOWN)))
        generated = generator.generate(reveal(inputs))
        return provider_pb2.CreateResponse(id=generated.id, properties=encode(inputs | generated.outputs))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        return provider_pb2.ReadResponse(id=request.id, inputs=request.inputs, properties=request.properties)

    async def Delete(self, _: provider_pb2.DeleteRequest, __: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def _generator(token: str) -> Generator:
    if token not in GENERATORS:
        raise not_covered(token)
    return GENERATORS[token]
