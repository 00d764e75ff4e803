"""How API calls are forwarded, and what is returned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from boutique_development_servers.processes import free_port

if TYPE_CHECKING:
    from boutique_development_servers.redis import RedisServer
    from boutique_web_gateway.settings import WebGatewaySettings

    from .conftest import ApiGateway, Visit


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_method_path_query_body_and_status_are_forwarded(browser: httpx.AsyncClient, method: str) -> None:
    response = await browser.request(method, "/api/v1/cart/a%20b/2?c=%2F&d", content=b'{"e": 1}')
    assert response.status_code == 201
    assert response.json() == {"method": method, "target": "/api/v1/cart/a%20b/2?c=%2F&d", "body": '{"e": 1}'}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cart/../../../healthz",
        "/api/v1/../v1/cart",
        "/api/v1/./cart",
        "/api/v1/cart/%2e%2e/payment",
        "/api/v1/cart/%2E./payment",
        "/api/v1/..%2fhealthz",
        "/api/v1/cart%2Fa/2",
        "/api/v1/cart%5C..",
        "/api/v1//cart",
        "/api/v1/cart/",
        "/api/v1/",
        "/api/v1",
        "/api/v2/cart",
        "/api/",
        "/api",
        "/api/v1/../../etc/passwd.txt",
        "/%61pi/v1/cart",
    ],
)
async def test_no_other_path_reaches_the_api_gateway(
    browser: httpx.AsyncClient, api_gateway: ApiGateway, path: str
) -> None:
    for method in ("GET", "DELETE"):
        assert await request_unchanged(browser, method, path) == (404, "application/json")
    assert api_gateway.cookies == []


async def request_unchanged(browser: httpx.AsyncClient, method: str, path: str) -> tuple[int, str]:
    """Requests a path that the client must not normalize, and returns status and content type."""
    reader, writer = await asyncio.open_connection(browser.base_url.host, browser.base_url.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n".encode())
    head = (await reader.read()).partition(b"\r\n\r\n")[0].decode().splitlines()
    writer.close()
    headers = dict(line.lower().split(": ", 1) for line in head[1:])
    return int(head[0].split()[1]), headers["content-type"]


async def test_an_unknown_method_is_refused_as_json(browser: httpx.AsyncClient) -> None:
    response = await browser.request("PROPFIND", "/api/v1/cart")
    assert (response.status_code, response.json()["message"]) == (405, "failure")


async def test_the_api_gateway_gets_the_session_and_no_other_cookie(
    browser: httpx.AsyncClient, api_gateway: ApiGateway
) -> None:
    await browser.get("/")
    session = browser.cookies["session_id"]
    browser.cookies.set("tracker", "1")
    await browser.post("/api/v1/cart")
    assert api_gateway.cookies == [f"session_id={session}"]


async def test_a_response_with_a_cookie_must_not_be_stored(browser: httpx.AsyncClient, api_gateway: ApiGateway) -> None:
    async def cached(_: Request) -> Response:
        return PlainTextResponse("products", headers={"cache-control": "public, max-age=60"})

    api_gateway.answer = cached
    first = await browser.get("/api/v1/product/documents")
    assert "session_id=" in first.headers["set-cookie"]
    assert first.headers.get_list("cache-control") == ["no-store"]
    second = await browser.get("/api/v1/product/documents")
    assert "set-cookie" not in second.headers
    assert second.headers["cache-control"] == "public, max-age=60"


async def test_pictures_are_the_same_for_everyone(
    browser: httpx.AsyncClient, api_gateway: ApiGateway, redis_server: RedisServer
) -> None:
    async def picture(_: Request) -> Response:
        return Response("<svg/>", media_type="image/svg+xml", headers={"cache-control": "public, max-age=3600"})

    api_gateway.answer = picture
    for cookie in ({}, {"cookie": "session_id=forged; tracker=1"}):
        response = await browser.get("/api/v1/content/mug.svg", headers=cookie)
        assert (response.text, response.headers["cache-control"]) == ("<svg/>", "public, max-age=3600")
        assert "set-cookie" not in response.headers
    assert api_gateway.cookies == [None, None]
    assert redis_server.ask("DBSIZE") == ":0"


async def test_bodies_of_any_length_are_streamed(browser: httpx.AsyncClient, api_gateway: ApiGateway) -> None:
    arrived = asyncio.Event()

    async def measure(request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            arrived.set()
        return Response(b"x" * 100 * size)

    async def content() -> AsyncIterator[bytes]:
        yield b"a" * 1000
        await arrived.wait()
        yield b"b" * 10_000

    api_gateway.answer = measure
    response = await browser.post("/api/v1/cart", content=content())
    assert response.content == b"x" * 1_100_000


async def test_an_unreachable_api_gateway_is_reported_as_json(visit: Visit, settings: WebGatewaySettings) -> None:
    browser = await visit(settings.model_copy(update={"api_gateway_addr": f"127.0.0.1:{free_port()}"}))
    response = await browser.post("/api/v1/cart")
    assert response.status_code == 502
    assert response.json() == {
        "message": "failure",
        "reason": "the shop's services cannot be reached; please try again",
    }
    assert (await browser.get("/")).status_code == 200


async def test_a_slow_api_gateway_is_reported_as_json(browser: httpx.AsyncClient, api_gateway: ApiGateway) -> None:
    async def late(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    api_gateway.answer = late
    response = await browser.post("/api/v1/cart", headers={"x-request-timeout": "0.05"})
    assert response.status_code == 504
    assert response.json()["reason"] == "the shop's services did not respond in time; please try again"
