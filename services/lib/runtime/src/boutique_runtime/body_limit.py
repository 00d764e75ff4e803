"""A limit on the size of HTTP request bodies.

Services that use it depend on starlette themselves.
"""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAXIMUM_BODY_BYTES = 64 * 1024


def with_body_limit(application: ASGIApp, maximum_bytes: int = MAXIMUM_BODY_BYTES) -> ASGIApp:
    """Raises HTTPException with status 413 in whatever reads a larger body, whether its length was announced or not."""
    # The rest of the body is not read, so the connection cannot carry another request.
    too_large = HTTPException(413, f"the body must be at most {maximum_bytes} bytes", {"connection": "close"})

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        announced = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            if announced > maximum_bytes:
                raise too_large
            message = await receive()
            read += len(message.get("body", b""))
            if read > maximum_bytes:
                raise too_large
            return message

        await application(scope, receive_within_limit, send)

    return call
