"""Limits of concurrent requests and of body sizes."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boutique_api_gateway import failures

_UNLIMITED_PATHS = frozenset({"/healthz", "/_healthz", "/metrics"})
"""A busy gateway must not look like a dead one."""


def with_concurrency_limit(application: ASGIApp, maximum: int) -> ASGIApp:
    """Refuses requests with 503 while `maximum` others are being handled."""
    in_flight = 0

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal in_flight
        if in_flight >= maximum and scope["path"] not in _UNLIMITED_PATHS:
            refusal = failures.failure(scope, 503, failures.REASONS[503], failures.RETRY_AFTER)
            await refusal(scope, receive, send)
            return
        in_flight += 1
        try:
            await application(scope, receive, send)
        finally:
            in_flight -= 1

    return call


def with_body_limit(application: ASGIApp, maximum_bytes: int) -> ASGIApp:
    """Raises HTTPException with 413 where a body of more than `maximum_bytes` is read."""
    # The rest of the body is not read, so the connection cannot be used again.
    too_large = HTTPException(413, f"the body must be at most {maximum_bytes} bytes", {"connection": "close"})

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        content_length = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            if content_length > maximum_bytes:
                raise too_large
            message = await receive()
            read += len(message.get("body", b""))
            if read > maximum_bytes:
                raise too_large
            return message

        await application(scope, receive_within_limit, send)

    return call
