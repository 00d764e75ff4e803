"""Fakes of the services that a service calls, all at one address."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from hipstershop import shop_pb2

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]

Answer = Callable[[Any, Any], Awaitable[Message]]
"""Returns the response to a request in its context."""


@dataclass
class Call:
    """A call that a fake has received."""

    request: Any
    metadata: Mapping[str, str]
    seconds_left: float | None
    """Seconds until the caller's deadline."""


@dataclass
class FakeServices:
    """Responds with the subclass's methods, which have the names of the contract's methods.

    A test changes `answers` to make a method fail, wait, or be unimplemented.
    """

    address: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for service in shop_pb2.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                if hasattr(self, method.name):
                    self.answers[method.name] = getattr(self, method.name)

    def called(self) -> Counter[str]:
        """Returns how often each method was called."""
        return Counter({name: len(calls) for name, calls in self.calls.items()})

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """Returns the handlers for a gRPC server."""
        return tuple(
            grpc.method_handlers_generic_handler(
                service.full_name, {method.name: self._handler(method) for method in service.methods}
            )
            for service in shop_pb2.DESCRIPTOR.services_by_name.values()
        )

    def _handler(self, method: Any) -> Handler:
        async def answer(request: Message, context: Any) -> Message:
            call = Call(request, dict(context.invocation_metadata()), context.time_remaining())
            self.calls.setdefault(method.name, []).append(call)
            if method.name not in self.answers:
                await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the original has no such method")
            return await self.answers[method.name](request, context)

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )


Fakes = TypeVar("Fakes", bound=FakeServices)


@contextlib.asynccontextmanager
async def served(fakes: Fakes) -> AsyncIterator[Fakes]:
    """Serves the fakes, and yields them with their address."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(fakes.handlers())
    fakes.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield fakes
    await server.stop(None)


def refusing(code: grpc.StatusCode, details: str = "") -> Answer:
    """Returns an answer that fails with the status."""

    async def answer(_: Any, context: Any) -> NoReturn:
        await context.abort(code, details)
        raise AssertionError

    return answer
