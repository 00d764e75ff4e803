"""How much is taken on: requests at once, and bytes of a body."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boutique_api_gateway import failures

_ALWAYS_ANSWERED = frozenset({"/healthz", "/_healthz", "/metrics"})
"""A gateway that is busy is not to be taken for one that is dead."""


def with_concurrency_limit(application: ASGIApp, maximum: int) -> ASGIApp:
    """Refuses requests beyond `maximum` at once with 503."""
    under_way = 0

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal under_way
        if under_way >= maximum and scope["path"] not in _ALWAYS_ANSWERED:
            refusal = failures.failure(scope, 503, failures.MEANINGS[503], failures.RETRY_AFTER)
            await refusal(scope, receive, send)
            return
        under_way += 1
        try:
            await application(scope, receive, send)
        finally:
            under_way -= 1

    return call


def with_body_limit(application: ASGIApp, maximum_bytes: int) -> ASGIApp:
    """Whatever reads a body of more than `maximum_bytes` gets an HTTPException with 413, with a length or without."""
    # What is left of the body is not worth reading, and nothing else can come before it.
    too_large = HTTPException(413, f"the body must be at most {maximum_bytes} bytes", {"connection": "close"})

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        said = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            if said > maximum_bytes:
                raise too_large
            message = await receive()
            read += len(message.get("body", b""))
            if read > maximum_bytes:
                raise too_large
            return message

        await application(scope, receive_within_limit, send)

    return call
