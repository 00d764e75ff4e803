"""Serves HTTP: request ids, a log line for each failed request, and a graceful drain on SIGTERM.

Services that use it depend on uvicorn and httptools themselves.
"""

import asyncio
import logging
import math
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn
import uvloop

from boutique_runtime.deadlines import REQUEST_TIMEOUT_HEADER, read_request_timeout, set_deadline
from boutique_runtime.settings import ServiceSettings, Settings, load_settings
from boutique_runtime.telemetry import REQUEST_ID_KEY, begin_request, configure_logging

_log = logging.getLogger(__name__)

# The types of the ASGI specification.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID_HEADER = REQUEST_ID_KEY.encode()
_TIMEOUT_HEADER = REQUEST_TIMEOUT_HEADER.encode()

Opened = AbstractAsyncContextManager[Application]


def run(name: str, settings_type: type[Settings], open_application: Callable[[Settings], Opened]) -> None:
    """Serves until SIGTERM or SIGINT.

    Args:
        name: The service's name in logs.
        settings_type: The type of its settings.
        open_application: Opens what the service needs (pools, channels), and closes it after the last request.
    """
    settings = load_settings(settings_type)
    configure_logging(name, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, open_application(settings)))


async def _serve(settings: ServiceSettings, opened: Opened) -> None:
    # uvicorn raises the signal again after it has drained, which would end the process before `opened` is closed.
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: None)
    async with opened as application:
        with _listen(settings.port) as listener:
            server = _Server(
                uvicorn.Config(
                    with_request_scope(application),
                    http="httptools",
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    log_level="warning",
                    access_log=False,
                    server_header=False,
                    proxy_headers=False,
                    timeout_graceful_shutdown=math.ceil(settings.shutdown_grace_seconds),
                )
            )
            _log.info("serving", extra={"address": f"[::]:{settings.port}"})
            await server.serve(sockets=[listener])
    _log.info("stopped")


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _log.info("draining", extra={"grace_seconds": self.config.timeout_graceful_shutdown})
        await super().shutdown(sockets)


def _listen(port: int) -> socket.socket:
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=2048)
        return socket.create_server(("", port), backlog=2048)
    except OSError:
        sys.exit(f"PORT: {port} is in use or not permitted")


def with_request_scope(application: Application) -> Application:
    """Wraps an application in the scope of a request.

    The caller's request id, if it is valid, is returned in the response and passed on by `clients.call`, as is its
    deadline. Each response with status 400 or above is logged, with the "reason" that the application put into the
    scope. An exception that the application does not handle becomes a plain 500.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        request_id = begin_request(_header(scope, _REQUEST_ID_HEADER))
        set_deadline(read_request_timeout(_header(scope, _TIMEOUT_HEADER) or ""))
        status: int | None = None

        async def send_with_request_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_REQUEST_ID_HEADER, request_id.encode())]
            await send(message)

        request = {"method": scope["method"], "path": scope["path"]}
        try:
            await application(scope, receive, send_with_request_id)
        except Exception:  # noqa: BLE001 (the last resort: the error must not reach the caller)
            _log.exception("failed", extra=request)
            if status is None:
                await _send_internal_error(request_id, send_with_request_id)
            return
        if status is not None and status >= 400:
            level = logging.WARNING if status >= 500 else logging.INFO
            outcome = {"status": status, "reason": scope.get("reason")}
            _log.log(level, "refused" if status < 500 else "failed", extra={**request, **outcome})

    return call


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


async def _send_internal_error(request_id: str, send: Send) -> None:
    body = f"internal error; see the logs for request id {request_id}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
