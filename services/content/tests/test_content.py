"""Responses to requests for a picture."""

import http.client

import httpx
import pytest

from boutique_content.__main__ import open_application
from boutique_content.settings import BucketSettings, ContentSettings
from boutique_development_servers.processes import free_port
from boutique_development_servers.s3 import BUCKET, S3

MUG = b"<svg><title>Mug</title></svg>"


async def test_a_picture_has_the_content_type_and_entity_tag_of_its_object(client: httpx.AsyncClient, s3: S3) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg")
    assert (response.status_code, response.content) == (200, MUG)
    assert response.headers["content-type"] == "image/svg+xml"
    assert response.headers["content-length"] == str(len(MUG))
    assert response.headers["etag"] == entity_tag
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["last-modified"].endswith(" GMT")


async def test_a_picture_may_be_cached_for_minutes_and_must_be_revalidated_after(
    client: httpx.AsyncClient, s3: S3
) -> None:
    s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg")
    assert response.headers["cache-control"] == "public, max-age=300, must-revalidate"


async def test_a_picture_that_is_opened_as_a_page_runs_no_scripts(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", b"<svg><script>alert(1)</script></svg>")
    for path in ("/mug.svg", "/none.svg"):
        response = await client.get(path)
        assert response.headers["content-security-policy"] == ("default-src 'none'; style-src 'unsafe-inline'; sandbox")
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_head_returns_the_headers_of_a_picture(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    whole, head = await client.get("/mug.svg"), await client.head("/mug.svg", headers={"range": "bytes=0-3"})
    names = ("content-type", "content-length", "etag", "last-modified", "cache-control", "accept-ranges")
    assert head.status_code == 200
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
@pytest.mark.parametrize("asked_before", [False, True])
async def test_a_picture_that_the_client_has_is_not_sent_again(
    client: httpx.AsyncClient, s3: S3, known: str, asked_before: bool
) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    if asked_before:
        await client.get("/mug.svg")
    response = await client.get("/mug.svg", headers={"if-none-match": known.format(entity_tag)})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == entity_tag
    assert response.headers["cache-control"] == "public, max-age=300, must-revalidate"
    assert "content-length" not in response.headers


@pytest.mark.parametrize("known", ['"other"', "nonsense", ""])
async def test_a_client_with_another_picture_gets_this_one(client: httpx.AsyncClient, s3: S3, known: str) -> None:
    s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"if-none-match": known})
    assert (response.status_code, response.content) == (200, MUG)


@pytest.mark.parametrize(
    ("asked", "content", "said"),
    [
        ("bytes=1-3", MUG[1:4], f"bytes 1-3/{len(MUG)}"),
        ("bytes=20-", MUG[20:], f"bytes 20-{len(MUG) - 1}/{len(MUG)}"),
        ("bytes=-6", MUG[-6:], f"bytes {len(MUG) - 6}-{len(MUG) - 1}/{len(MUG)}"),
        ("bytes=5-999", MUG[5:], f"bytes 5-{len(MUG) - 1}/{len(MUG)}"),
    ],
)
@pytest.mark.parametrize("asked_before", [False, True])
async def test_a_range_returns_part_of_the_picture(
    client: httpx.AsyncClient, s3: S3, asked: str, content: bytes, said: str, asked_before: bool
) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    if asked_before:
        await client.get("/mug.svg")
    response = await client.get("/mug.svg", headers={"range": asked})
    assert (response.status_code, response.content) == (206, content)
    assert response.headers["content-range"] == said
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["etag"] == entity_tag


async def test_a_range_beyond_the_end_is_refused_with_the_size(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"range": "bytes=99-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(MUG)}"
    assert response.json() == {"message": "failure", "reason": "range: the picture mug.svg does not have these bytes"}


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=5-2", "lines=1-2", "bytes=a-b", "bytes=-", "bytes="])
async def test_several_or_invalid_ranges_return_the_whole_picture(
    client: httpx.AsyncClient, s3: S3, asked: str
) -> None:
    s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"range": asked})
    assert (response.status_code, response.content) == (200, MUG)
    assert s3.requests == [("GET /pictures/mug.svg", {})]


async def test_a_range_of_an_unchanged_picture_returns_the_part(client: httpx.AsyncClient, s3: S3) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"range": "bytes=0-3", "if-range": entity_tag})
    assert (response.status_code, response.content) == (206, MUG[:4])


async def test_a_range_of_a_changed_picture_returns_the_whole_picture(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"range": "bytes=0-3", "if-range": '"other"'})
    assert (response.status_code, response.content) == (200, MUG)


@pytest.mark.parametrize("of", ["W/{}", "Tue, 24 Nov 2099 12:00:00 GMT"])
async def test_a_range_with_a_weak_condition_is_not_requested(client: httpx.AsyncClient, s3: S3, of: str) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"range": "bytes=0-3", "if-range": of.format(entity_tag)})
    assert (response.status_code, response.content) == (200, MUG)
    assert s3.requests == [("GET /pictures/mug.svg", {})]


async def test_a_range_of_a_known_picture_is_not_sent(client: httpx.AsyncClient, s3: S3) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    response = await client.get("/mug.svg", headers={"range": "bytes=0-3", "if-none-match": entity_tag})
    assert response.status_code == 304


@pytest.mark.parametrize("may_list", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_missing_picture_returns_404_with_and_without_permission_to_list(
    client: httpx.AsyncClient, s3: S3, may_list: bool, method: str
) -> None:
    s3.may_list = may_list
    response = await client.request(method, "/none.svg")
    assert response.status_code == 404
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"
    if method == "GET":
        assert response.json()["message"] == "failure"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.%2fmug.svg",
        "/..%2fmug.svg",
        "/%2e%2e%2fmug.svg",
        "//mug.svg",
        "/mug.svg/",
        "/.mug.svg",
        "/Mug.svg",
        "/mug.svg%00",
        "/mug.svg%0a",
        "/mug%20.svg",
        "/m%C3%BCg.svg",
        f"/{'m' * 256}",
    ],
)
async def test_an_invalid_name_returns_404_without_a_request_to_the_bucket(
    client: httpx.AsyncClient, s3: S3, path: str
) -> None:
    s3.put("mug.svg", MUG)
    response = await client.get(httpx.URL("http://content.test").copy_with(raw_path=path.encode()))
    assert response.status_code == 404
    assert response.json() == {"message": "failure", "reason": "no such picture; see the filenames of products"}
    assert s3.requests == []


async def test_other_methods_are_refused(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    for method in ("POST", "PUT", "DELETE"):
        response = await client.request(method, "/mug.svg")
        assert response.status_code == 405
        assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
        assert response.json()["message"] == "failure"


async def test_a_failing_bucket_returns_502(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    s3.broken = True
    response = await client.get("/mug.svg")
    assert response.status_code == 502
    assert response.json() == {"message": "failure", "reason": "the bucket of pictures cannot be read"}


async def test_a_slow_bucket_is_abandoned_at_the_callers_deadline(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    s3.open.clear()
    response = await client.get("/mug.svg", headers={"x-request-timeout": "0.1"})
    assert response.status_code == 504
    assert response.json() == {"message": "failure", "reason": "the bucket of pictures did not respond in time"}


@pytest.mark.parametrize("lacking", ["server", "bucket", "credentials"])
async def test_an_unreachable_bucket_returns_502(s3: S3, monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    if lacking == "server":
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    if lacking == "credentials":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    settings = ContentSettings(
        pictures=BucketSettings(bucket="another" if lacking == "bucket" else BUCKET, region="eu-central-1")
    )
    async with open_application(settings) as application:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://content.test") as client:
            response = await client.get("/mug.svg")
            assert response.status_code == http.client.BAD_GATEWAY
            assert (await client.get("/healthz")).json() == {"healthy": True}


@pytest.mark.parametrize("path", ["/healthz", "/_healthz"])
async def test_health_does_not_depend_on_the_bucket(client: httpx.AsyncClient, s3: S3, path: str) -> None:
    s3.broken = True
    response = await client.get(path)
    assert (response.status_code, response.json()) == (200, {"healthy": True})
    assert s3.requests == []
