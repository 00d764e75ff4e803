"""The reverse proxy between a client and a server, on real connections."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from boutique_development_servers.processes import free_port
from boutique_runtime.deadlines import set_deadline
from boutique_runtime.http_serving import with_request_scope
from boutique_runtime.reverse_proxy import BadGatewayError, GatewayTimeoutError, ReverseProxy, open_reverse_proxy
from boutique_testing.http import served

if TYPE_CHECKING:
    from boutique_runtime.http_serving import Application, Receive, Scope, Send

Answer = Callable[[Request], Awaitable[Response]]
Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def asgi(answer: Answer) -> Application:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive, send))
        await response(scope, receive, send)

    return call


def passing_to(proxy: ReverseProxy, **options: Any) -> Application:
    """Returns a gateway that responds in plain text with the error that its proxy raises."""

    async def answer(request: Request) -> Response:
        try:
            path = request.scope["raw_path"].decode()
            return await proxy.forward(request, path, **{"timeout_seconds": 5, **options})
        except BadGatewayError as error:
            return PlainTextResponse(str(error), 502)
        except GatewayTimeoutError as error:
            return PlainTextResponse(str(error), 504)

    return with_request_scope(asgi(answer))


@asynccontextmanager
async def in_front_of(address: str, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Returns a client of a gateway to the service at this address."""
    async with (
        open_reverse_proxy(address) as proxy,
        served(passing_to(proxy, **options)) as gateway,
        httpx.AsyncClient(base_url=f"http://{gateway}", trust_env=False, timeout=20) as client,
    ):
        yield client


@asynccontextmanager
async def before(answer: Answer, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Returns a client of a gateway to a service with this response."""
    async with served(asgi(answer)) as address, in_front_of(address, **options) as client:
        yield client


@asynccontextmanager
async def listening(connected: Connected) -> AsyncIterator[str]:
    """Returns the address of a server that calls the function for each connection."""
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield "{}:{}".format(*server.sockets[0].getsockname())


async def answering_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readline():
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


async def seen(request: Request) -> Response:
    """Responds with the whole request."""
    return JSONResponse(
        {
            "method": request.method,
            "target": (request.scope["raw_path"] + b"?" + request.scope["query_string"]).decode(),
            "headers": request.headers.items(),
            "body": (await request.body()).decode(),
        }
    )


# ---- The request ----


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_a_request_is_forwarded_with_its_method_target_and_body(method: str) -> None:
    async with before(seen) as client:
        answer = await client.request(method, "/a/b?c=d&c=", content=b"content")
    arrived = answer.json()
    assert (arrived["method"], arrived["target"], arrived["body"]) == (method, "/a/b?c=d&c=", "content")


@pytest.mark.parametrize(
    "target", ["/a%2Fb/..%2f/%41", "/a//b/./../c", "/%E2%82%AC?q=%e2%82%ac+x%20y&=", "/;a=b,c?//?'\"<>[]|"]
)
async def test_path_and_query_string_are_forwarded_unchanged(target: str) -> None:
    async with before(seen) as client:
        host, port = client.base_url.host, client.base_url.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET {target} HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    path, _, query = target.partition("?")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["target"] == f"{path}?{query}"


@pytest.mark.parametrize("path", ["", "a", "/a b", "/a\r\nb: c", "/a?b", "/a#b", "/ä"])
async def test_an_invalid_path_is_not_forwarded(path: str) -> None:
    async with open_reverse_proxy("nobody.test:80") as proxy:
        request = Request({"type": "http", "method": "GET", "headers": [], "query_string": b""})
        with pytest.raises(ValueError, match="is not the path of a request"):
            await proxy.forward(request, path, timeout_seconds=5)


async def test_all_headers_are_forwarded_except_those_of_the_connection() -> None:
    sent = [
        ("accept", "x/y"),
        ("connection", "close, X-Of-The-Connection"),
        ("x-of-the-connection", "1"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("proxy-connection", "close"),
        ("expect", "100-continue"),
        ("x-end-to-end", "1"),
        ("x-end-to-end", "2"),
        ("range", "bytes=0-1"),
    ]
    async with before(seen) as client:
        client.headers.clear()
        arrived = (await client.get("/", headers=sent)).json()["headers"]
    own = {"host", "x-request-id", "x-request-timeout"}
    assert sorted(tuple(header) for header in arrived if header[0] not in own) == [
        ("accept", "x/y"),
        ("range", "bytes=0-1"),
        ("x-end-to-end", "1"),
        ("x-end-to-end", "2"),
    ]


async def test_headers_of_the_gateway_replace_those_of_the_caller() -> None:
    async with before(seen, headers={"cookie": "only=this", "authorization": None}) as client:
        sent = [("cookie", "a=b"), ("cookie", "c=d"), ("authorization", "Basic eA==")]
        arrived = (await client.get("/", headers=sent)).json()["headers"]
    assert [value for name, value in arrived if name == "cookie"] == ["only=this"]
    assert "authorization" not in dict(arrived)


async def test_the_request_id_is_forwarded_and_returned_once() -> None:
    async with served(with_request_scope(asgi(seen))) as address, in_front_of(address) as client:
        answer = await client.get("/", headers={"x-request-id": "find-me"})
    assert dict(answer.json()["headers"])["x-request-id"] == "find-me"
    assert answer.headers.get_list("x-request-id") == ["find-me"]
    assert len(answer.headers.get_list("date")) == 1


async def test_the_remaining_time_is_forwarded_instead_of_the_callers_header() -> None:
    async with before(seen, timeout_seconds=3) as client:
        answer = await client.get("/", headers={"x-request-timeout": "1000"})
    assert 0 < float(dict(answer.json()["headers"])["x-request-timeout"]) <= 3


async def test_a_large_body_is_forwarded_while_it_is_sent() -> None:
    arrived = asyncio.Event()

    async def answer(request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            arrived.set()
        return PlainTextResponse(str(size))

    async def content() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        await arrived.wait()
        yield b"x" * 1_000_000

    async with before(answer) as client:
        assert (await client.post("/", content=content())).text == "1001000"
        arrived.clear()
        sized = await client.post("/", content=content(), headers={"content-length": "1001000"})
        assert sized.text == "1001000"


async def test_a_response_may_start_before_the_request_ends() -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse("too large", 413)

    async with before(answer) as client:
        host, port = client.base_url.host, client.base_url.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 1000000\r\n\r\nbegun")
        assert b" 413 " in await reader.readline()
        writer.close()


# ---- The answer ----


@pytest.mark.parametrize("status", [200, 201, 301, 302, 404, 409, 500, 503])
async def test_a_response_is_returned_with_its_status_headers_and_body(status: int) -> None:
    async def answer(_: Request) -> Response:
        response = PlainTextResponse("body", status, headers={"location": "/elsewhere", "x-end-to-end": "1"})
        response.set_cookie("a", "b")
        response.set_cookie("c", "d")
        response.headers["keep-alive"] = "timeout=5"
        return response

    async with before(answer) as client:
        got = await client.get("/")
        assert (got.status_code, got.text) == (status, "body")
        assert got.headers["location"] == "/elsewhere"
        assert got.headers["content-length"] == "4"
        assert len(got.headers.get_list("set-cookie")) == 2
        assert "keep-alive" not in got.headers


async def test_cookies_of_one_caller_are_not_sent_for_another() -> None:
    async def answer(request: Request) -> Response:
        response = PlainTextResponse(request.headers.get("cookie", ""))
        response.set_cookie("of", "the-first")
        return response

    async with served(asgi(answer)) as address, in_front_of(address.replace("127.0.0.1", "localhost")) as client:
        await client.get("/")
        client.cookies.clear()
        assert (await client.get("/")).text == ""


async def test_a_compressed_response_is_returned_unchanged() -> None:
    async def answer(_: Request) -> Response:
        return Response(gzip.compress(b"body"), headers={"content-encoding": "gzip"})

    async with before(answer) as client:
        got = await client.get("/")
    assert (got.headers["content-encoding"], got.content) == ("gzip", b"body")


async def test_a_connection_can_be_reused_after_a_response_without_a_body() -> None:
    async def answer(request: Request) -> Response:
        match request.url.path:
            case "/204":
                return Response(status_code=204)
            case "/206":
                return Response(b"bo", 206, headers={"content-range": "bytes 0-1/4"})
        return PlainTextResponse("body")

    async with before(answer) as client:
        head = await client.head("/")
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "4", b"")
        nothing = await client.get("/204")
        assert (nothing.status_code, nothing.content) == (204, b"")
        part = await client.get("/206")
        assert (part.status_code, part.headers["content-range"], part.content) == (206, "bytes 0-1/4", b"bo")
        assert (await client.get("/")).text == "body"


async def test_a_304_response_may_have_a_content_length() -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncontent-length: 4\r\n\r\n')

    async with listening(connected) as address, in_front_of(address) as client:
        for _ in range(2):
            got = await client.get("/")
            assert (got.status_code, got.headers["etag"], got.content) == (304, '"1"', b"")


async def test_a_response_is_returned_while_it_is_produced() -> None:
    seen_by_client = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await seen_by_client.wait()
        yield b"last"

    async def answer(_: Request) -> Response:
        return StreamingResponse(pieces())

    async with before(answer) as client, client.stream("GET", "/") as got:
        received = []
        async for piece in got.aiter_raw():
            received.append(piece)
            seen_by_client.set()
    assert b"".join(received) == b"firstlast"
    assert len(received) > 1


# ---- Callers who leave, services that fail ----


@pytest.mark.parametrize("begins", [False, True])
async def test_a_caller_that_disconnects_cancels_the_call_to_the_service(*, begins: bool) -> None:
    called = asyncio.Event()
    ended = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if begins:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun")
        called.set()
        assert await reader.read() == b""
        ended.set()

    async with listening(connected) as address, in_front_of(address, timeout_seconds=3600) as client:
        host, port = client.base_url.host, client.base_url.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n")
        await called.wait()
        if begins:
            await reader.readuntil(b"begun")
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_caller_that_disconnects_within_a_large_body_cancels_the_call_to_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called = asyncio.Event()
    ended = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"begun")
        called.set()
        assert await reader.read() == b""
        ended.set()

    async with listening(connected) as address, in_front_of(address, timeout_seconds=3600) as client:
        host, port = client.base_url.host, client.base_url.port
        _, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 1000000\r\n\r\nbegun")
        await called.wait()
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)
    (failure,) = [record for record in caplog.records if record.getMessage() == "failed"]
    assert failure.exc_info
    assert isinstance(failure.exc_info[1], ClientDisconnect)


async def test_a_service_that_is_down_is_a_bad_gateway() -> None:
    address = f"127.0.0.1:{free_port()}"
    async with in_front_of(address) as client:
        got = await client.post("/", content=b"content")
    assert (got.status_code, got.text) == (502, f"{address} does not respond: ClientConnectorError")


async def test_a_request_that_was_not_sent_yet_waits_for_a_service_that_starts() -> None:
    port = free_port()
    arrived: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with AsyncExitStack() as stack:

        async def come_up(*_: object) -> None:
            await stack.enter_async_context(await asyncio.start_server(connected, "127.0.0.1", port))

        refused = aiohttp.TraceConfig()
        refused.on_request_exception.append(come_up)
        session = await stack.enter_async_context(aiohttp.ClientSession(trace_configs=[refused]))
        gateway = await stack.enter_async_context(served(passing_to(ReverseProxy(session, f"127.0.0.1:{port}"))))
        async with httpx.AsyncClient(base_url=f"http://{gateway}", trust_env=False) as client:
            assert (await client.post("/")).status_code == 204
    header = re.search(rb"x-request-timeout: ([0-9.]+)", arrived[0], re.IGNORECASE)
    assert header
    assert float(header[1]) < 5, "the time of earlier attempts is subtracted"


@pytest.mark.parametrize("answer", [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-le"])
async def test_a_response_that_is_not_http_is_a_bad_gateway(answer: bytes) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with listening(connected) as address, in_front_of(address) as client:
        assert (await client.post("/")).status_code == 502


async def test_an_incomplete_response_is_not_taken_for_a_complete_one() -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n")
        writer.close()

    async with listening(connected) as address, in_front_of(address) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def test_a_service_that_is_late_is_a_gateway_timeout() -> None:
    async def answer(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with before(answer, timeout_seconds=0.05) as client:
        got = await client.get("/")
    assert got.status_code == 504
    assert got.text.endswith(" did not respond in time")


async def test_no_call_outlives_the_callers_deadline() -> None:
    async def answer(_: Request) -> Response:
        raise AssertionError

    async with served(asgi(answer)) as address, open_reverse_proxy(address) as proxy:
        set_deadline(0)
        with pytest.raises(GatewayTimeoutError):
            await proxy.forward(empty_request(), "/", timeout_seconds=60)


def empty_request() -> Request:
    async def receive() -> dict[str, Any]:
        if ended:
            await asyncio.Event().wait()
        ended.append(True)
        return {"type": "http.request"}

    ended: list[bool] = []
    return Request({"type": "http", "method": "GET", "headers": [], "query_string": b""}, receive)


# ---- Connections that are kept ----


def closing_each_after_one_answer(arrived: list[bytes]) -> Connected:
    """A server that closes a persistent connection just when the next request arrives on it."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        arrived.append(await reader.read(1000))
        writer.close()

    return connected


async def test_connections_are_reused() -> None:
    connections: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await answering_ok(reader, writer)

    async with listening(connected) as address, in_front_of(address) as client:
        for _ in range(3):
            assert (await client.get("/")).text == "ok"
    assert len(connections) == 1


@pytest.mark.parametrize(("method", "content"), [("GET", None), ("PUT", b"small"), ("DELETE", b"small")])
async def test_a_request_that_may_be_repeated_survives_a_closed_connection(method: str, content: bytes | None) -> None:
    arrived: list[bytes] = []
    async with listening(closing_each_after_one_answer(arrived)) as address, in_front_of(address) as client:
        await asyncio.gather(*(client.get("/") for _ in range(3)))
        assert (await client.request(method, "/", content=content)).text == "ok"
    assert len([request for request in arrived if request.startswith(method.encode())]) >= 1


async def test_a_request_that_may_not_be_repeated_is_sent_once() -> None:
    arrived: list[bytes] = []
    async with listening(closing_each_after_one_answer(arrived)) as address, in_front_of(address) as client:
        await client.get("/")
        assert (await client.post("/")).status_code == 502
    assert [request[:4] for request in arrived if request] == [b"POST"]
