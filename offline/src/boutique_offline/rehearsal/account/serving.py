"""Serves the emulated account over HTTP: moto's application, one request at a time."""

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from werkzeug.serving import BaseWSGIServer, make_server

HEALTH: Final = "/_account/health"

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def serve(port: int, addresses: Sequence[str]) -> None:
    """Serves on the addresses until SIGTERM or SIGINT. Raises OSError if one is in use."""
    stop_signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    application = _one_at_a_time(_extended_moto())
    servers = [_server(application, address, port) for address in addresses]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"The account is served on {', '.join(f'http://{address}:{port}' for address in addresses)}\n")
    sys.stdout.flush()
    signal.sigwait(stop_signals)


def _extended_moto() -> _Application:
    # moto takes a second to import, and reads its settings from environment variables while it is imported.
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415

    from boutique_offline.rehearsal.account import moto_extensions  # noqa: PLC0415

    moto_extensions.install()
    application: _Application = DomainDispatcherApplication(create_backend_app)
    return application


def _server(application: _Application, address: str, port: int) -> BaseWSGIServer:
    from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415

    class Handler(MotoRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Logs only failures, since a run makes thousands of requests."""
            if str(code) >= "500":
                super().log_request(code, size)

    return make_server(address, port, application, threaded=True, request_handler=Handler)


def _one_at_a_time(application: _Application) -> _Application:
    """Serializes requests: moto keeps its state in plain dicts, which concurrent requests could corrupt."""
    lock = threading.Lock()

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == HEALTH:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
            return [b"ok\n"]
        with lock:
            return list(application(environ, start_response))

    return respond
