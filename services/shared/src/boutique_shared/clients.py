"""Calling other services: a channel each, retries where the contract allows, deadlines and request ids passed on."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from boutique_shared.deadlines import within_deadline
from boutique_shared.telemetry import REQUEST_ID_KEY, current_request_id

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

    A call waits for a connection until its deadline, so that a replica being replaced fails nobody; one that was
    sent and lost is sent again where the method's `idempotency_level` allows it.
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


def _service_config(service: ServiceDescriptor) -> dict[str, object]:
    methods: list[dict[str, object]] = [{"name": [{}], "waitForReady": True}]
    retried = [
        {"service": service.full_name, "method": method.name}
        for method in service.methods
        if method.GetOptions().idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN
    ]
    if retried:
        methods.append({"name": retried, "waitForReady": True, "retryPolicy": _RETRY_POLICY})
    return {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": methods}


async def call(
    method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
    request: Request,
    *,
    timeout_seconds: float,
    metadata: tuple[tuple[str, str], ...] = (),
) -> Response:
    """Calls with the timeout, shortened to the caller's own deadline. Raises grpc.aio.AioRpcError."""
    return await method(
        request,
        timeout=within_deadline(timeout_seconds),
        metadata=((REQUEST_ID_KEY, current_request_id()), *metadata),
    )


class AddedMethod(Generic[Request, Response]):
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
