"""Forwards an HTTP request to another service and its response back, both as they arrive.

Services that use it depend on aiohttp and starlette themselves.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from string import punctuation
from urllib.parse import quote

import aiohttp
from multidict import CIMultiDict
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from yarl import URL

from boutique_runtime.deadlines import REQUEST_TIMEOUT_HEADER, clamp_to_deadline, set_deadline
from boutique_runtime.telemetry import REQUEST_ID_KEY, current_request_id

_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Headers that only apply to one connection. Source: RFC 9110 section 7.6.1. Trailers are not forwarded."""

_FOR_THIS_SERVER = frozenset({b"expect", b"host"})
"""Request headers that are meant for this server."""

_FROM_THIS_SERVER = frozenset({b"date", b"server", REQUEST_ID_KEY.encode()})
"""Response headers that this server sets itself."""

_LENGTH = frozenset({b"content-length"})
_STATUSES_WITHOUT_CONTENT = frozenset({204, 304})

_PATH = re.compile(r"/[!-~]*")

_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Source: RFC 9110 section 9.2.2."""

_REPEATABLE_BYTES = 64 * 1024
"""The size up to which a body is kept in memory, so that it can be sent again."""

# uvicorn closes a connection after 5 s without requests. Closing it earlier avoids sending on a closing connection.
_KEEP_ALIVE_SECONDS = 4
_CONNECT_SECONDS = 1
_PAUSES_SECONDS = (0.05, 0.25)

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_LOST = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)


class BadGatewayError(Exception):
    """The other service cannot be reached, or drops the connection (502)."""


class GatewayTimeoutError(Exception):
    """The other service did not start its response in time (504)."""


class ReverseProxy:
    """Forwards requests to one service over persistent connections."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address
        self._host, _, port = address.rpartition(":")
        self._port = int(port)

    async def forward(
        self, request: Request, path: str, *, timeout_seconds: float, headers: Mapping[str, str | None] | None = None
    ) -> Response:
        """Sends the request to the service and returns the response, whose body is read while it is forwarded.

        If a connection fails, a request that was not sent yet is sent again; so is one that was sent, if its method is
        idempotent and its body is small.

        Args:
            request: The request to forward, with its method, query string, headers and body.
            path: The path to request. It is sent unchanged, so callers must check it.
            timeout_seconds: The time until the response starts, shortened to the caller's deadline; then the longest
                pause within the response.
            headers: Headers that replace those of the request; None as the value removes one.

        Raises:
            BadGatewayError: The service cannot be reached.
            GatewayTimeoutError: The service did not respond in time.
            ClientDisconnect: The caller disconnected.
            ValueError: The path is not valid.
        """
        upload = _Upload(request)
        url = self._url(request, path)
        headers_to_send = _forwarded_headers(request, headers or {})
        answering = asyncio.create_task(self._answer(request.method, url, headers_to_send, upload, timeout_seconds))
        leaving = asyncio.create_task(upload.until_disconnected())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                return answering.result()
            raise ClientDisconnect
        finally:
            answering.cancel()
            leaving.cancel()

    def _url(self, request: Request, path: str) -> URL:
        if not _PATH.fullmatch(path) or "?" in path or "#" in path:
            raise ValueError(f"path: {path!r} is not the path of a request, such as /api/v1/cart")
        # Bytes that are not allowed in a URL are encoded, as browsers do; the rest stays as it is.
        query = quote(request.scope["query_string"], safe=punctuation)
        return URL.build(scheme="http", host=self._host, port=self._port, path=path, query_string=query, encoded=True)

    async def _answer(
        self, method: str, url: URL, headers: CIMultiDict[str], upload: "_Upload", timeout_seconds: float
    ) -> Response:
        set_deadline(clamp_to_deadline(timeout_seconds))
        try:
            async with asyncio.timeout(clamp_to_deadline(timeout_seconds)):
                return _Answer(await self._send(method, url, headers, upload, timeout_seconds), upload)
        except TimeoutError:
            raise GatewayTimeoutError(f"{self._address} did not respond in time") from None
        except aiohttp.ClientError as error:
            if await upload.is_interrupted():
                raise ClientDisconnect from None
            raise BadGatewayError(f"{self._address} does not respond: {type(error).__name__}") from error

    async def _send(
        self, method: str, url: URL, headers: CIMultiDict[str], upload: "_Upload", timeout_seconds: float
    ) -> aiohttp.ClientResponse:
        pauses = iter(_PAUSES_SECONDS)
        while True:
            headers[REQUEST_TIMEOUT_HEADER] = f"{clamp_to_deadline(timeout_seconds):.3f}"
            try:
                return await self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=await upload.content(),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=timeout_seconds),
                )
            except (*_NOT_SENT, *_LOST) as error:
                may_repeat = isinstance(error, _NOT_SENT) or (upload.is_repeatable and method in _IDEMPOTENT_METHODS)
                pause = next(pauses, None)
                if not may_repeat or pause is None:
                    raise
            await asyncio.sleep(pause)


class _Upload:
    """A request's body: a small one is kept in memory, to be sent again; others are read while they are sent."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_read = asyncio.Event()
        length = int(request.headers.get("content-length", "0"))
        self.is_repeatable = "transfer-encoding" not in request.headers and length <= _REPEATABLE_BYTES

    async def content(self) -> bytes | AsyncIterator[bytes] | None:
        """Returns the body. Raises ClientDisconnect."""
        if not self.is_repeatable:
            return self._pieces()
        content = await self._request.body()
        self._is_read.set()
        return content or None

    async def _pieces(self) -> AsyncIterator[bytes]:
        async for piece in self._request.stream():
            yield piece
        self._is_read.set()

    async def until_disconnected(self) -> None:
        """Waits until the caller has sent the whole body and disconnected."""
        await self._is_read.wait()
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    async def is_interrupted(self) -> bool:
        """Returns whether the caller disconnected before the whole body was forwarded."""
        return not self.is_repeatable and await self._request.is_disconnected()


class _Answer(StreamingResponse):
    def __init__(self, answer: aiohttp.ClientResponse, upload: _Upload) -> None:
        super().__init__(answer.content.iter_any(), status_code=answer.status)
        without_content = _LENGTH if answer.status in _STATUSES_WITHOUT_CONTENT else frozenset()
        self.raw_headers = _end_to_end(answer.raw_headers, _FROM_THIS_SERVER | without_content)
        self._upstream = answer
        self._upload = upload

    async def listen_for_disconnect(self, receive: Receive) -> None:
        # A response may start before the request ends: the rest of the request belongs to the upload.
        await self._upload.until_disconnected()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._upstream.close()  # also closes the connection, unless the whole response was read


@asynccontextmanager
async def open_reverse_proxy(address: str) -> AsyncIterator[ReverseProxy]:
    """Opens a proxy to the service at `address` ("host:port"). It connects when first used."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
        trust_env=False,
    ) as session:
        yield ReverseProxy(session, address)


def _forwarded_headers(request: Request, replacing: Mapping[str, str | None]) -> CIMultiDict[str]:
    headers = CIMultiDict(
        (name.decode("latin-1"), value.decode(errors="replace"))
        for name, value in _end_to_end(request.headers.raw, _FOR_THIS_SERVER)
    )
    headers[REQUEST_ID_KEY] = current_request_id()
    for name, value in replacing.items():
        headers.popall(name, None)
        if value is not None:
            headers[name] = value
    return headers


def _end_to_end(headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """Returns the headers, in lower case, without `dropped` and those that only apply to one connection."""
    headers = [(name.lower(), value) for name, value in headers]
    named = {option.strip().lower() for name, value in headers if name == b"connection" for option in value.split(b",")}
    left_out = _HOP_BY_HOP | named | dropped
    return [(name, value) for name, value in headers if name not in left_out]
