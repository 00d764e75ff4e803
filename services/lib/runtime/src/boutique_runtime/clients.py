"""Calls other services: retries where the contract allows it, and passes deadlines and request ids on."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from boutique_runtime.deadlines import clamp_to_deadline
from boutique_runtime.telemetry import REQUEST_ID_KEY, current_request_id
from hipstershop import shop_pb2

Stub = TypeVar("Stub")
KEEPALIVE_MILLISECONDS = 30_000
"""How often a channel pings a server while no call is in progress. The servers permit it."""

Request = TypeVar("Request")
Response = TypeVar("Response")

_RETRY_POLICY = {
    "maxAttempts": 5,
    "initialBackoff": "0.05s",
    "maxBackoff": "1s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_UNIMPLEMENTED_SECONDS = 60


@asynccontextmanager
async def open_stub(stub: Callable[[grpc.aio.Channel], Stub], address: str) -> AsyncIterator[Stub]:
    """Opens a channel to a service of the contract and yields a stub for it.

    Args:
        stub: The generated class, such as shop_pb2_grpc.CartServiceStub.
        address: The service's "host:port". The channel connects when first used, so services start in any order.
    """
    name = stub.__name__.removesuffix("Stub")
    async with open_channel(address, shop_pb2.DESCRIPTOR.services_by_name[name]) as channel:
        yield stub(channel)


def open_channel(address: str, service: ServiceDescriptor) -> grpc.aio.Channel:
    """Returns a channel to every replica behind `address` ("host:port"), which connects when first used.

    It calls only replicas whose health check says that they serve, and sends a lost call again if the method's
    `idempotency_level` allows it.
    """
    return grpc.aio.insecure_channel(
        f"dns:///{address}",
        options=[
            ("grpc.service_config", json.dumps(_service_config(service))),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1_000),
            ("grpc.dns_min_time_between_resolutions_ms", 500),
            ("grpc.keepalive_time_ms", KEEPALIVE_MILLISECONDS),
            ("grpc.enable_http_proxy", 0),
        ],
    )


def _service_config(service: ServiceDescriptor) -> dict[str, object]:
    retried = [
        {"service": service.full_name, "method": method.name}
        for method in service.methods
        if method.GetOptions().idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN
    ]
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": service.full_name},
        "methodConfig": [{"name": retried, "retryPolicy": _RETRY_POLICY}] if retried else [],
    }


async def call(
    method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
    request: Request,
    *,
    timeout_seconds: float,
    metadata: tuple[tuple[str, str], ...] = (),
) -> Response:
    """Calls a method with the timeout, shortened to the caller's own deadline. Raises grpc.aio.AioRpcError.

    Until then it waits for a replica that serves, so that calls survive a replica's replacement and a name that does
    not resolve yet. (The channel's configuration could also say this, but has no effect before the name has resolved.)
    """
    return await method(
        request,
        timeout=clamp_to_deadline(timeout_seconds),
        wait_for_ready=True,
        metadata=((REQUEST_ID_KEY, current_request_id()), *metadata),
    )


class MethodWithFallback(Generic[Request, Response]):
    """A method that this shop has added to the contract, which Online Boutique's own services do not have.

    Args:
        method: The added method.
        fall_back: Returns the same by calling methods of Online Boutique's contract.
        timeout_seconds: The timeout of the added method.
        clock: Returns seconds.
    """

    def __init__(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
        fall_back: Callable[[Request], Awaitable[Response]],
        *,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._method = method
        self._fall_back = fall_back
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._unimplemented_until = 0.0

    async def __call__(self, request: Request) -> Response:
        """Calls the method, or the fallback if the service does not implement it.

        It tries the method again after a minute, since the service may have been replaced by then. Raises
        grpc.aio.AioRpcError, and what `fall_back` raises.
        """
        if self._clock() >= self._unimplemented_until:
            try:
                return await call(self._method, request, timeout_seconds=self._timeout_seconds)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
                self._unimplemented_until = self._clock() + _UNIMPLEMENTED_SECONDS
        return await self._fall_back(request)
