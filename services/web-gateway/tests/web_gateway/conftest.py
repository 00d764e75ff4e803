"""The web gateway over HTTP, between a browser and an API gateway that echoes requests, with a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from boutique_runtime.http_serving import with_request_scope
from boutique_runtime.redis import RedisSettings
from boutique_testing.http import served
from boutique_web_gateway.__main__ import open_application
from boutique_web_gateway.settings import WebGatewaySettings

if TYPE_CHECKING:
    from boutique_runtime.http_serving import Receive, Scope, Send

FILES = {
    "index.html": "<!doctype html><title>Boutique</title>" + " " * 1000,
    "favicon.svg": "<svg/>",
    "assets/index-B1x2C3.js": "export {};" + " " * 1000,
}


@dataclass
class ApiGateway:
    """Echoes each request, unless a test sets another response."""

    address: str = ""
    answer: Callable[[Request], Awaitable[Response]] | None = None
    cookies: list[str | None] = field(default_factory=list)
    """The Cookie header of each request, or None."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        self.cookies.append(request.headers.get("cookie"))
        response = await (self.answer or _seen)(request)
        await response(scope, receive, send)


async def _seen(request: Request) -> Response:
    target = (request.scope["raw_path"] + b"?" + request.scope["query_string"]).decode()
    body = (await request.body()).decode()
    return JSONResponse({"method": request.method, "target": target, "body": body}, 201)


@pytest.fixture
async def api_gateway() -> AsyncIterator[ApiGateway]:
    gateway = ApiGateway()
    async with served(with_request_scope(gateway)) as gateway.address:
        yield gateway


@pytest.fixture
def settings(redis_address: str, api_gateway: ApiGateway, tmp_path: Path) -> WebGatewaySettings:
    """Settings for an empty Redis without a replica, and a web application of three files."""
    for path, content in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    return WebGatewaySettings(
        session_data=RedisSettings(addr=redis_address, username="default", password=SecretStr("unused")),
        api_gateway_addr=api_gateway.address,
        session_signing_key=SecretStr("not a secret, and long enough to be one"),
        application_directory=tmp_path,
    )


Visit = Callable[[WebGatewaySettings], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    """Starts a gateway with these settings, and returns a browser that visits it."""
    async with AsyncExitStack() as stack:

        async def start(settings: WebGatewaySettings) -> httpx.AsyncClient:
            application = await stack.enter_async_context(open_application(settings))
            address = await stack.enter_async_context(served(with_request_scope(application)))
            browser = httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=20)
            return await stack.enter_async_context(browser)

        yield start


@pytest.fixture
async def browser(visit: Visit, settings: WebGatewaySettings) -> httpx.AsyncClient:
    return await visit(settings)
