"""Starts moto's emulation of S3 on 127.0.0.1. It has the errors of S3, but does not check signatures."""

import contextlib
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import Any

from werkzeug.serving import make_server

BUCKET = "pictures"
_ACCOUNT = "123456789012"
_PIECE_BYTES = 64 * 1024

_Environ = dict[str, Any]
_StartResponse = Callable[..., Any]

_SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request"}
"""The part of a signature that moto reads."""

_ACCESS_DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
_SLOW_DOWN = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>'


@dataclass
class S3:
    """An S3 with one bucket, `BUCKET`. Requests wait while `open` is not set."""

    url: str = ""
    may_list: bool = True
    """If False, a missing object is reported as forbidden, as S3 does for callers that may not list the bucket."""
    broken: bool = False
    breaks_off_after: int | None = None
    """The number of bytes after which every response is cut off."""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Method and path, such as "GET /pictures/mug.svg", and the headers of conditional requests."""
    sent: int = 0
    """The number of bytes of content that clients have received."""
    open: threading.Event = field(default_factory=threading.Event)
    broken_off: threading.Event = field(default_factory=threading.Event)
    """Set once a response was cut off."""

    def put(self, key: str, content: bytes, content_type: str = "image/svg+xml") -> str:
        """Stores an object and returns its entity tag."""
        return self._ask("PUT", f"/{key}", content, {"content-type": content_type})["etag"]

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self._ask("DELETE", f"/{key}")

    def create_bucket(self) -> None:
        """Creates the bucket."""
        self._ask("PUT", "")

    def _ask(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HTTPMessage:
        url = f"{self.url}/{BUCKET}{path}"
        request = urllib.request.Request(  # noqa: S310 (our own address)
            url, content, {**_SIGNED, **(headers or {})}, method=method
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            headers_of_answer: HTTPMessage = answer.headers
            return headers_of_answer


@contextlib.contextmanager
def start_s3() -> Iterator[S3]:
    """Starts an S3 on a free port, with an empty bucket."""
    # Importing moto takes a second, which other users of this package need not spend.
    from moto.backends import get_backend  # noqa: PLC0415
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )

    class Quiet(MotoRequestHandler):
        def log(self, *_: object) -> None:
            pass

    s3 = S3()
    s3.open.set()
    moto = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, _answering(s3, moto), threaded=True, request_handler=Quiet)
    # A client puts the bucket into the host only if that is a name, not an IP address. A test must see that fail.
    s3.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        get_backend("s3")[_ACCOUNT]["aws"].reset()  # moto keeps its state in the process
        s3.create_bucket()
        yield s3
    finally:
        s3.open.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answering(s3: S3, moto: Callable[[_Environ, _StartResponse], Iterable[bytes]]) -> Any:
    def answer(environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return moto(environ, start_response)
        s3.requests.append((f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", _conditions(environ)))
        s3.open.wait()
        if s3.broken:
            return _refuse(start_response, "503 Slow Down", _SLOW_DOWN)
        started: list[Any] = []
        content = b"".join(moto(environ, lambda *arguments: started.extend(arguments)))
        status, headers, *_ = started
        if status.startswith("404") and not s3.may_list:
            return _refuse(start_response, "403 Forbidden", _ACCESS_DENIED)
        start_response(status, headers)
        return _pieces(s3, content)

    return answer


def _conditions(environ: _Environ) -> dict[str, str]:
    names = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_RANGE")
    return {name.removeprefix("HTTP_").lower().replace("_", "-"): environ[name] for name in names if name in environ}


def _refuse(start_response: _StartResponse, status: str, content: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(content)))])
    return [content]


def _pieces(s3: S3, content: bytes) -> Iterator[bytes]:
    done = False
    try:
        for start in range(0, len(content), _PIECE_BYTES):
            if s3.breaks_off_after is not None and start >= s3.breaks_off_after:
                raise ConnectionAbortedError
            yield content[start : start + _PIECE_BYTES]
            s3.sent = start + _PIECE_BYTES
        done = True
    finally:
        if not done:
            s3.broken_off.set()
