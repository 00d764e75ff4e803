"""The account over HTTP: moto's application, one request at a time, on each of its addresses."""

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from werkzeug.serving import BaseWSGIServer, make_server

HEALTH: Final = "/_account/health"

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def serve(port: int, addresses: Sequence[str]) -> None:
    """Listens on the addresses until SIGTERM or SIGINT. Raises OSError where one is taken."""
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    application = _one_at_a_time(_extended_moto())
    servers = [_server(application, address, port) for address in addresses]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"The account answers on {', '.join(f'http://{address}:{port}' for address in addresses)}\n")
    sys.stdout.flush()
    signal.sigwait(ending)


def _extended_moto() -> _Application:
    # Importing moto takes a second, and it reads its settings from the environment then.
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415

    from boutique_offline.rehearsal.account import moto_extensions  # noqa: PLC0415

    moto_extensions.install()
    application: _Application = DomainDispatcherApplication(create_backend_app)
    return application


def _server(application: _Application, address: str, port: int) -> BaseWSGIServer:
    from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415

    class Handler(MotoRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Failures alone: a run makes thousands of requests."""
            if str(code) >= "500":
                super().log_request(code, size)

    return make_server(address, port, application, threaded=True, request_handler=Handler)


def _one_at_a_time(application: _Application) -> _Application:
    """moto's state is plain dicts, which two requests at once may leave half changed."""
    lock = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == HEALTH:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
            return [b"ok\n"]
        with lock:
            return list(application(environ, start_response))

    return answer
