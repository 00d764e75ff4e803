"""A limit of concurrent requests."""

from starlette.types import ASGIApp, Receive, Scope, Send

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
