# ruff: noqa: N802 - the methods have the names of the protocol
"""The `random` provider: generates passwords once, which are then kept only in the stack's state."""

from typing import Any, Final

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.properties import UNKNOWN, Secret, Unknown, contains, decode, encode, reveal
from boutique_offline.plugins.provider import (
    Context,
    EmulatedProvider,
    changed_names,
    check_response,
    diff_response,
    not_covered,
)
from boutique_offline.plugins.random import passwords
from boutique_offline.plugins.serving import Engine

_PASSWORD: Final = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type


class RandomProvider(EmulatedProvider):
    """Covers `RandomPassword`, without its output `bcryptHash`."""

    package = "pulumi-random"

    def __init__(self, _: Engine) -> None:
        super().__init__()

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        """Checks the inputs as far as they are known. Any other type is refused here, before it is created."""
        inputs = decode(request.news)

        def check() -> dict[str, Any]:
            if request.type != _PASSWORD:
                raise not_covered(request.type)
            if not contains(inputs, Unknown):
                passwords.check(reveal(inputs))
            return inputs

        return check_response(check)

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        """Replaces the password if any input changes."""
        changed = changed_names(decode(request.old_inputs), decode(request.news))
        return diff_response(changed, changed)

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        """Generates a password, except in a preview."""
        inputs = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(inputs | {"result": UNKNOWN}))
        password = Secret(passwords.generate(reveal(inputs)))
        return provider_pb2.CreateResponse(id="none", properties=encode(inputs | {"result": password}))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        """Returns the state unchanged, which is the only place that has the password."""
        return provider_pb2.ReadResponse(id=request.id, inputs=request.inputs, properties=request.properties)

    async def Delete(self, _: provider_pb2.DeleteRequest, __: Context) -> empty_pb2.Empty:
        """Does nothing: the engine removes the password from the state."""
        return empty_pb2.Empty()
