"""Requests that are refused before they reach a service."""

from collections.abc import AsyncIterator

import httpx
import pytest

from boutique_testing.fake_services import FakeServices

SEARCH = "/api/v1/product/search"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/orders",
        "/api/v1/orders/1",
        "/api/v2/cart",
        "/api/v1/cart/",
        "/api/v1/cart//1",
        "/api/v1/cart/6E92ZMYYFZ/1/2",
        "/api/v1/cart/a%2Fb/1",
        "/api/v1/product",
        "/api/v1/product/nothing",
        "/api/v1/payment",
        "/api/v1/content",
        "/docs",
        "/redoc",
    ],
)
async def test_an_unknown_path_returns_404_as_json_for_any_method(client: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        response = await client.request(method, path)
        assert response.status_code == 404
        assert response.json()["message"] == "failure"
        assert response.json()["reason"].startswith("no such path")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/cart", "DELETE, POST"),
        ("PATCH", "/api/v1/cart", "DELETE, POST"),
        ("GET", "/api/v1/cart/6E92ZMYYFZ/1", "PUT"),
        ("GET", "/api/v1/checkout/process", "POST"),
        ("DELETE", "/api/v1/product/search", "GET, HEAD, POST"),
        ("POST", "/api/v1/content/mug.svg", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_returns_405_with_the_allowed_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.json() == {"message": "failure", "reason": f"this path takes {allowed}"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"query=mug",
        b"{'query': 'mug'}",
        b'{"query": "mug"} {"query": "mug"}',
        b'{"query": "\xff"}',
        b'{"query": "mug", "page": {"size": NaN}}',
        b'{"query": "mug", "page": {"size": Infinity}}',
        b'{"query": "mug", "page": {"size": 1e99999999999999999999}}',
        b'{"query": "mug", "page": {"size": ' + b"1" * 5000 + b"}}",
        b"[" * 60_000,
        b" ",
    ],
)
async def test_invalid_json_is_refused(client: httpx.AsyncClient, backends: FakeServices, body: bytes) -> None:
    response = await client.post(SEARCH, content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json() == {"message": "failure", "reason": "the body is not valid JSON"}
    assert not backends.called()


@pytest.mark.parametrize(("body", "place"), [(b"", "body"), (b"null", "body"), (b'{"query": "\\ud800"}', "query")])
async def test_an_empty_body_is_refused(client: httpx.AsyncClient, body: bytes, place: str) -> None:
    response = await client.post(SEARCH, content=body, headers=JSON)
    assert (response.status_code, response.json()["reason"].partition(":")[0]) == (400, place)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""]
)
async def test_another_content_type_returns_415(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post(SEARCH, content=b'{"query": "mug"}', headers={"content-type": media_type})
    assert response.status_code == 415
    assert response.json() == {"message": "failure", "reason": "content-type: must be application/json"}


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_the_content_type_may_have_any_case_and_parameters(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post(SEARCH, content=b'{"query": "mug"}', headers={"content-type": media_type})
    assert response.status_code == 200


class Upload:
    """A body of a megabyte that counts how much of it was read."""

    def __init__(self) -> None:
        self.read = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        for _ in range(1000):
            self.read += 1000
            yield b" " * 1000


async def test_a_body_with_too_large_a_content_length_is_not_read(client: httpx.AsyncClient) -> None:
    upload = Upload()
    response = await client.post(SEARCH, content=upload.pieces(), headers={**JSON, "content-length": "1000000"})
    assert response.status_code == 413
    assert response.json() == {"message": "failure", "reason": "the body must be at most 65536 bytes"}
    assert response.headers["connection"] == "close"
    assert upload.read == 0


async def test_a_body_without_a_content_length_is_limited_while_it_is_read(client: httpx.AsyncClient) -> None:
    upload = Upload()
    response = await client.post(SEARCH, content=upload.pieces(), headers=JSON)
    assert response.status_code == 413
    assert upload.read == 66_000


async def test_a_body_of_the_maximum_size_is_accepted(client: httpx.AsyncClient) -> None:
    body = b'{"query": "mug"}'.ljust(65_536)
    assert (await client.post(SEARCH, content=body, headers=JSON)).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/_healthz"])
async def test_health_depends_on_no_service(client: httpx.AsyncClient, backends: FakeServices, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()) == (200, {"healthy": True})
    assert not backends.called()
