"""Calling other services: a channel each, retries where the contract allows, deadlines and request ids passed on."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Generic, TypeVar

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from boutique_runtime.deadlines import clamp_to_deadline
from boutique_runtime.telemetry import REQUEST_ID_KEY, current_request_id

Request = TypeVar("Request")
Response = TypeVar("Response")

_RETRY_POLICY = {
    "maxAttempts": 5,
    "initialBackoff": "0.05s",
    "maxBackoff": "1s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_ASK_AGAIN_SECONDS = 60


def open_channel(address: str, service: ServiceDescriptor) -> grpc.aio.Channel:
    """A channel to every replica behind `address` ("host:port"), which connects when first used.

    Only replicas whose health says that they serve are called. One call that was sent and lost is sent again where the
    method's `idempotency_level` allows it.
    """
    return grpc.aio.insecure_channel(
        f"dns:///{address}",
        options=[
            ("grpc.service_config", json.dumps(_service_config(service))),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1_000),
            ("grpc.dns_min_time_between_resolutions_ms", 500),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.enable_http_proxy", 0),
        ],
    )


@asynccontextmanager
async def open_channels(
    services: Mapping[str, ServiceDescriptor], addresses: Mapping[str, str]
) -> AsyncIterator[Mapping[str, grpc.aio.Channel]]:
    """A channel to each service that has an address, by its name; `services` are those of a file of protos."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(open_channel(address, services[name]))
            for name, address in addresses.items()
        }


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
    """Calls with the timeout, shortened to the caller's own deadline. Raises grpc.aio.AioRpcError.

    Until then it waits for a replica that serves, so that one being replaced, or a name that is not there yet, fails
    nobody. (A channel's configuration can say so too, but does not count before its name was resolved once.)
    """
    return await method(
        request,
        timeout=clamp_to_deadline(timeout_seconds),
        wait_for_ready=True,
        metadata=((REQUEST_ID_KEY, current_request_id()), *metadata),
    )


class MethodWithFallback(Generic[Request, Response]):
    """A method that this shop has added to the contract, which a service of the contract alone lacks."""

    def __init__(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
        fall_back: Callable[[Request], Awaitable[Response]],
        *,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fall_back` answers the same by methods of the contract. `clock` tells seconds."""
        self._method = method
        self._fall_back = fall_back
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._lacking_until = 0.0

    async def __call__(self, request: Request) -> Response:
        """A service that lacks the method is asked again after a minute, since it may be replaced.

        Raises grpc.aio.AioRpcError, and what `fall_back` raises.
        """
        if self._clock() >= self._lacking_until:
            try:
                return await call(self._method, request, timeout_seconds=self._timeout_seconds)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
                self._lacking_until = self._clock() + _ASK_AGAIN_SECONDS
        return await self._fall_back(request)
