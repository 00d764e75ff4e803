"""Pictures that the gateway proxies."""

import httpx
import pytest
from aiohttp import web

MUG = "/api/v1/content/mug.svg"


async def test_a_picture_has_its_content_type_and_cache_lifetime(client: httpx.AsyncClient) -> None:
    response = await client.get(MUG)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/svg+xml")
    assert response.headers["cache-control"] == "public, max-age=3600"
    assert response.text.startswith("<svg")


async def test_a_picture_that_the_client_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    response = await client.get(MUG, headers={"if-none-match": '"1"'})
    assert (response.status_code, response.content) == (304, b"")


async def test_head_returns_the_headers_of_a_picture(
    client: httpx.AsyncClient, asked_for_pictures: list[web.Request]
) -> None:
    response = await client.head(MUG)
    assert (response.status_code, response.headers["etag"]) == (200, '"1"')
    assert [request.method for request in asked_for_pictures] == ["HEAD"]


async def test_the_content_service_gets_deadline_and_request_id(
    client: httpx.AsyncClient, asked_for_pictures: list[web.Request]
) -> None:
    await client.get(MUG, headers={"x-request-id": "r-1", "x-request-timeout": "2"})
    (asked,) = asked_for_pictures
    assert asked.headers["x-request-id"] == "r-1"
    assert 0 < float(asked.headers["x-request-timeout"]) <= 2


async def test_a_missing_picture_returns_404(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/content/none.svg")
    assert response.status_code == 404
    assert response.json() == {"message": "failure", "reason": "none.svg: there is no such file"}


@pytest.mark.parametrize(
    "file",
    [
        "%2e%2e",
        "%2e%2e%2fmug.svg",
        "..%2fmug.svg",
        "..%5cmug.svg",
        "%2fetc%2fpasswd",
        "a%2fmug.svg",
        "mug.svg%00",
        "%00",
        "%252e%252e%252fmug.svg",
        ".mug.svg",
        "mug.svg%0d%0ax-forged:%201",
        "mug.svg%3fversion=2",
        "mug.svg%23",
        "m%C3%BCg.svg",
        "x" * 200,
        "",
    ],
)
async def test_an_invalid_file_name_does_not_reach_the_content_service(
    client: httpx.AsyncClient, asked_for_pictures: list[web.Request], file: str
) -> None:
    response = await client.get(f"/api/v1/content/{file}")
    assert response.status_code in {400, 404}
    assert response.json()["message"] == "failure"
    assert not asked_for_pictures
