"""The web application's pages and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boutique_runtime.settings import load_settings
from boutique_web_gateway.settings import WebGatewaySettings

if TYPE_CHECKING:
    import httpx

    from boutique_development_servers.redis import RedisServer


@pytest.mark.parametrize("path", ["/", "/cart", "/checkout", "/confirmation", "/any/where", "/cart/", "/index.html"])
async def test_every_page_is_the_index_page_which_is_revalidated_each_time(
    browser: httpx.AsyncClient, path: str
) -> None:
    page = await browser.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Boutique</title>" in page.text
    assert page.headers["cache-control"] == "private, no-cache"
    unchanged = await browser.get(path, headers={"if-none-match": page.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_files_with_a_hash_in_their_name_are_cached_for_good_and_others_are_revalidated(
    browser: httpx.AsyncClient,
) -> None:
    script = await browser.get("/assets/index-B1x2C3.js")
    assert script.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    icon = await browser.get("/favicon.svg")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert icon.headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize("path", ["/", "/assets/index-B1x2C3.js"])
async def test_files_are_compressed_for_clients_that_accept_it(browser: httpx.AsyncClient, path: str) -> None:
    compressed = await browser.get(path)
    plain = await browser.get(path, headers={"accept-encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.content == plain.content


@pytest.mark.parametrize(
    "path", ["/nope.js", "/assets/index-OLD.js", "/assets/../settings.py", "/%2e%2e/settings.py", "/..%2fsettings.py"]
)
async def test_other_files_return_404(browser: httpx.AsyncClient, path: str) -> None:
    response = await browser.get(path)
    assert (response.status_code, response.headers["content-type"]) == (404, "text/plain; charset=utf-8")


async def test_files_start_no_session(browser: httpx.AsyncClient, redis_server: RedisServer) -> None:
    for path in ("/assets/index-B1x2C3.js", "/favicon.svg", "/nope.js", "/healthz"):
        assert "set-cookie" not in (await browser.get(path)).headers
    assert redis_server.ask("DBSIZE") == ":0"


@pytest.mark.parametrize("path", ["/", "/cart", "/favicon.svg"])
async def test_pages_and_files_refuse_other_methods(browser: httpx.AsyncClient, path: str) -> None:
    response = await browser.post(path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    head = await browser.head(path)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/favicon.svg", "/nope.js", "/api/v1/cart", "/api/nope"])
async def test_every_response_has_the_security_headers(browser: httpx.AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/healthz", "/_healthz"])
async def test_health_is_reported(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).json() == {"healthy": True}


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {},
            "APPLICATION_DIRECTORY: Value error, {directory} has no index.html; build the web application first",
        ),
        ({"APPLICATION_DIRECTORY": "/nowhere"}, "APPLICATION_DIRECTORY: Path does not point to a directory"),
        ({"SESSION_SIGNING_KEY": "hunter3"}, "SESSION_SIGNING_KEY: Value should have at least 32 items"),
        ({"SESSION_DATA_ADDR": ""}, "SESSION_DATA_ADDR: Field required"),
        ({"API_GATEWAY_ADDR": "api-gateway"}, "API_GATEWAY_ADDR: String should match pattern"),
    ],
)
def test_an_invalid_setting_ends_the_process_with_one_line(
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    line: str,
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    with pytest.raises(SystemExit):
        load_settings(WebGatewaySettings)
    said = capsys.readouterr().err
    assert line.format(directory=tmp_path) in said
    assert "hunter" not in said


def test_the_store_has_exactly_one_kind_of_credentials(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.html").touch()
    settings = load_settings(WebGatewaySettings)
    assert (settings.session_data.addr, settings.session_data.username) == ("session-data:6379", "default")
    environment.delenv("SESSION_DATA_PASSWORD")
    with pytest.raises(SystemExit):
        load_settings(WebGatewaySettings)
    assert "set exactly one of SESSION_DATA_PASSWORD and SESSION_DATA_SECRET" in capsys.readouterr().err


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Sets all required variables, with an application that was not built."""
    monkeypatch.setenv("SESSION_DATA_ADDR", "session-data:6379")
    monkeypatch.setenv("SESSION_DATA_USERNAME", "default")
    monkeypatch.setenv("SESSION_DATA_PASSWORD", "hunter2")
    monkeypatch.setenv("API_GATEWAY_ADDR", "api-gateway:8080")
    monkeypatch.setenv("SESSION_SIGNING_KEY", "x" * 32)
    monkeypatch.setenv("APPLICATION_DIRECTORY", str(tmp_path))
    return monkeypatch
