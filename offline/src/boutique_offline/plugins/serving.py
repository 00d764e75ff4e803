"""Serves a provider to the engine, sends it messages, and turns exceptions into its errors."""

import asyncio
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import any_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from boutique_offline.plugins.properties import encode

# The engine's own limit: properties may contain whole files.
_LARGEST_MESSAGE: Final = 400 * 1024 * 1024
_CHANNEL_OPTIONS: Final = [
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    ("grpc.max_send_message_length", _LARGEST_MESSAGE),
]


class PluginError(Exception):
    """An error whose message is shown to the user unchanged."""


class InitializationFailedError(PluginError):
    """Raised for a resource that exists but is not usable: the engine records it, and the next update continues."""

    def __init__(self, reasons: list[str], resource_id: str, state: dict[str, Any], inputs: dict[str, Any]) -> None:
        super().__init__("\n".join(reasons))
        self.detail = provider_pb2.ErrorResourceInitFailed(
            id=resource_id, properties=encode(state), reasons=reasons, inputs=encode(inputs)
        )


@dataclass
class Engine:
    """The engine that started this plugin, which shows messages about resources."""

    channel: grpc.aio.Channel | None
    _unsent: set[asyncio.Task[Any]] = field(default_factory=set)

    def warn(self, urn: str, message: str) -> None:
        """Shows a warning about a resource."""
        if self.channel is None:
            return
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message, urn=urn)
        task = asyncio.ensure_future(_send(self.channel, request))
        self._unsent.add(task)
        task.add_done_callback(self._unsent.discard)


async def _send(channel: grpc.aio.Channel, request: engine_pb2.LogRequest) -> None:
    engine: Any = engine_pb2_grpc.EngineStub(channel)
    # The engine may have ended.
    with suppress(grpc.aio.AioRpcError):
        await engine.Log(request)


def run(make_provider: Callable[[Engine], provider_pb2_grpc.ResourceProviderServicer]) -> None:
    """Serves a provider until the engine, whose address is the first argument, stops it or ends."""
    asyncio.run(_serve(make_provider, sys.argv[1] if len(sys.argv) > 1 else None))


async def _serve(
    make_provider: Callable[[Engine], provider_pb2_grpc.ResourceProviderServicer], engine_address: str | None
) -> None:
    channel = grpc.aio.insecure_channel(engine_address, options=_CHANNEL_OPTIONS) if engine_address else None
    server, port = await start(make_provider(Engine(channel)))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    watch = asyncio.ensure_future(_until_unreachable(channel, stopped)) if channel else None
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await stopped.wait()
    if watch:
        watch.cancel()
    await server.stop(grace=None)


async def start(provider: provider_pb2_grpc.ResourceProviderServicer) -> tuple[grpc.aio.Server, int]:
    """Starts a server of the provider; returns it and its port on 127.0.0.1."""
    server = grpc.aio.server(options=_CHANNEL_OPTIONS, interceptors=[_ErrorInterceptor()])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _until_unreachable(channel: grpc.aio.Channel, stopped: asyncio.Event) -> None:
    """Sets `stopped` when the engine is gone, so that the plugin does not outlive an engine that was killed."""
    state = channel.get_state(try_to_connect=True)
    while state not in (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN):
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)
    stopped.set()


class _ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Turns exceptions of a method into the gRPC status that the engine shows."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Any, Any] | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Any, Any] | None":
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method: Any = handler.unary_unary

        async def respond(request: Any, context: Any) -> Any:
            try:
                return await method(request, context)
            except InitializationFailedError as error:
                detail = any_pb2.Any()
                detail.Pack(error.detail)
                status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
                await context.abort(grpc.StatusCode.UNKNOWN, str(error))
            except PluginError as error:
                await context.abort(grpc.StatusCode.UNKNOWN, str(error))
            except NotImplementedError:
                await context.abort(
                    grpc.StatusCode.UNIMPLEMENTED,
                    f"{handler_call_details.method.rpartition('/')[2]} is not covered by this emulated plugin",
                )
            except Exception as error:  # noqa: BLE001 - the user must see any error
                traceback.print_exc()
                await context.abort(grpc.StatusCode.INTERNAL, f"a bug in this plugin: {error!r}")

        return grpc.unary_unary_rpc_method_handler(respond, handler.request_deserializer, handler.response_serializer)
