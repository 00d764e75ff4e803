"""The limit on the size of request bodies."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from boutique_runtime.body_limit import with_body_limit


async def _length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limited = with_body_limit(Starlette(routes=[Route("/", _length, methods=["POST"])]), 10)
    transport = httpx.ASGITransport(limited)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as opened:
        yield opened


async def _in_pieces(length: int) -> AsyncIterator[bytes]:
    for _ in range(length):
        yield b"x"


@pytest.mark.parametrize(("length", "status"), [(10, 200), (11, 413)])
async def test_a_body_of_announced_length_is_limited(client: httpx.AsyncClient, length: int, status: int) -> None:
    assert (await client.post("/", content=b"x" * length)).status_code == status


@pytest.mark.parametrize(("length", "status"), [(10, 200), (11, 413)])
async def test_a_body_of_unknown_length_is_limited(client: httpx.AsyncClient, length: int, status: int) -> None:
    response = await client.post("/", content=_in_pieces(length))
    assert response.status_code == status
    if status == 413:
        assert response.headers["connection"] == "close"
