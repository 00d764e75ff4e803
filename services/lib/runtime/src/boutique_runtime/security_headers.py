"""Headers that limit what a page may do in a browser.

Services that use it depend on starlette themselves.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECURITY_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
]


def with_security_headers(application: ASGIApp) -> ASGIApp:
    """Adds the headers that a response does not have itself."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                added = [header for header in _SECURITY_HEADERS if header[0] not in present]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await application(scope, receive, send_with_headers)

    return call


def is_https(request: Request) -> bool:
    """Returns whether the browser's own connection is encrypted. Behind a load balancer, a header says so."""
    forwarded = request.headers.get("x-forwarded-proto", request.url.scheme)
    return forwarded.partition(",")[0].strip() == "https"
