"""Serves gRPC: health, reflection, request ids, errors as statuses, and a graceful drain on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import uvloop
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from boutique_runtime.clients import KEEPALIVE_MILLISECONDS
from boutique_runtime.deadlines import set_deadline
from boutique_runtime.errors import ServiceError
from boutique_runtime.settings import ServiceSettings, Settings, load_settings
from boutique_runtime.telemetry import REQUEST_ID_KEY, begin_request, configure_logging

_log = logging.getLogger(__name__)

_SERVER_OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 1 << 20),
    # Clients choose a replica when they connect; without an age limit, new replicas would get no calls.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    # By default a server closes a connection with "too many pings" if they come more often than every five minutes.
    # gRPC ignores options that it does not know. Source: GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS.
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_MILLISECONDS // 2),
]


@dataclass(frozen=True)
class GrpcService:
    """A service to serve.

    Args:
        descriptor: Its description in the contract.
        add_to_server: The generated function that adds it to a server.
        servicer: Its implementation.
        ready: Health is NOT_SERVING until this is set; None for a service that is ready from the start.
    """

    descriptor: ServiceDescriptor
    add_to_server: Callable[[Any, grpc.aio.Server], None]
    servicer: object
    ready: asyncio.Event | None = None


Opened = AbstractAsyncContextManager[GrpcService]


def run(name: str, settings_type: type[Settings], open_service: Callable[[Settings], Opened]) -> None:
    """Serves until SIGTERM or SIGINT.

    Args:
        name: The service's name in logs.
        settings_type: The type of its settings.
        open_service: Opens what the service needs (pools, channels), and closes it after the last call.
    """
    settings = load_settings(settings_type)
    configure_logging(name, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, open_service(settings)))


async def _serve(settings: ServiceSettings, opened: Opened) -> None:
    stopping = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopping.set)
    async with opened as service:
        server, health_servicer = await create_server([service])
        address = f"[::]:{settings.port}"
        try:
            server.add_insecure_port(address)
        except RuntimeError:
            sys.exit(f"PORT: {settings.port} is in use or not permitted")
        await server.start()
        _log.info("serving", extra={"address": address})
        announcement = asyncio.create_task(announce_readiness(service, health_servicer))
        await stopping.wait()
        announcement.cancel()
        _log.info("draining", extra={"grace_seconds": settings.shutdown_grace_seconds})
        await health_servicer.enter_graceful_shutdown()
        await server.stop(settings.shutdown_grace_seconds)
        _log.info("stopped")


async def create_server(services: Sequence[GrpcService]) -> tuple[grpc.aio.Server, health.aio.HealthServicer]:
    """Returns a server of these services with health and reflection, not yet bound to a port."""
    server = grpc.aio.server(interceptors=[_CallInterceptor()], options=_SERVER_OPTIONS)
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    names = [service.descriptor.full_name for service in services]
    for service in services:
        service.add_to_server(service.servicer, server)
        await _set_health(health_servicer, service, serving=service.ready is None)
    reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    return server, health_servicer


async def announce_readiness(service: GrpcService, health_servicer: health.aio.HealthServicer) -> None:
    """Waits until the service is ready, then sets its health."""
    if service.ready is not None:
        await service.ready.wait()
        _log.info("ready")
        await _set_health(health_servicer, service, serving=True)


async def _set_health(health_servicer: health.aio.HealthServicer, service: GrpcService, *, serving: bool) -> None:
    status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
    for name in (health.OVERALL_HEALTH, service.descriptor.full_name):
        await health_servicer.set(name, status)


if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]

Behavior = Callable[[Any, Any], Awaitable[Any]]


class _Undecodable:
    """Replaces a request whose bytes are not a message of its type, such as one with invalid UTF-8."""


class _CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps each method, at its first call, in the request's scope: request id, deadline, and errors."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method = handler_call_details.method
        if wrapped := self._wrapped.get(method):
            return wrapped
        handler = await continuation(handler_call_details)
        if handler is None or not handler.unary_unary or not handler.request_deserializer:
            return handler
        wrapped = grpc.unary_unary_rpc_method_handler(
            _with_request_scope(method, handler.unary_unary),
            request_deserializer=_tolerant(handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )
        self._wrapped[method] = wrapped
        return wrapped


def _tolerant(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def attempt(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return _Undecodable()

    return attempt


def _with_request_scope(method: str, behavior: Behavior) -> Behavior:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        callers_id = next((value for key, value in context.invocation_metadata() or () if key == REQUEST_ID_KEY), None)
        request_id = begin_request(str(callers_id) if callers_id else None)
        set_deadline(context.time_remaining())
        if isinstance(request, _Undecodable):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request is not a valid message of its type")
        try:
            return await behavior(request, context)
        except ServiceError as error:
            _log.info("refused", extra={"method": method, "code": error.code.name, "reason": str(error)})
            await context.abort(error.code, str(error))
        except grpc.aio.AbortError:
            raise
        except grpc.aio.AioRpcError as error:
            # A dependency failed: the caller gets its status, to tell a late response from a wrong request.
            _log.warning(
                "dependency failed",
                extra={"method": method, "code": error.code().name, "reason": error.details()},
            )
            await context.abort(error.code(), error.details() or "")
        except Exception:  # noqa: BLE001 (the last resort: the error must not reach the caller)
            _log.exception("failed", extra={"method": method})
            await context.abort(grpc.StatusCode.INTERNAL, f"internal error; see the logs for request id {request_id}")

    return call
