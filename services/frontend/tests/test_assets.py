"""Static files and product pictures."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import httpx
import pytest

from boutique_frontend.assets import Assets

SLUGS = [
    "bamboo-glass-jar",
    "candle-holder",
    "canvas-tote",
    "ceramic-teapot",
    "desk-lamp",
    "hairdryer",
    "linen-apron",
    "loafers",
    "mug",
    "potted-fern",
    "rain-boots",
    "salt-and-pepper-shakers",
    "sunglasses",
    "tank-top",
    "wall-clock",
    "watch",
    "wooden-comb",
    "wool-scarf",
]


async def test_every_file_that_a_page_links_is_cached_for_good(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    assert len(addresses) == 6
    for address in addresses:
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_file_by_its_plain_name_or_of_another_version_is_revalidated(browser: httpx.AsyncClient) -> None:
    for address in ("/static/css/shop.css", "/static/css/shop.0123456789ab.css"):
        answer = await browser.get(address)
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert answer.headers["cache-control"] == "public, no-cache"
        unchanged = await browser.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_files_are_compressed_for_clients_that_accept_it(browser: httpx.AsyncClient) -> None:
    compressed = await browser.get("/static/css/shop.css")
    plain = await browser.get("/static/css/shop.css", headers={"accept-encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.content == plain.content


@pytest.mark.parametrize("path", ["nope.css", "", "css", "../settings.py", "%2e%2e/settings.py"])
async def test_other_files_return_404(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(f"/static/{path}")).status_code == 404


@pytest.mark.parametrize("slug", SLUGS)
async def test_every_product_has_a_picture_without_scripts_and_external_content(
    browser: httpx.AsyncClient, slug: str
) -> None:
    answer = await browser.get(f"/static/img/products/{slug}.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.text)
    assert root.get("viewBox") == "0 0 400 500"
    assert not {element.tag.partition("}")[2] for element in root.iter()} & {
        "script",
        "style",
        "image",
        "foreignObject",
    }


@pytest.mark.parametrize(
    ("picture", "file"),
    [
        ("/static/img/products/mug.svg", "mug"),
        ("/static/img/products/mug.jpg", "mug"),
        ("/static/img/products/zeppelin.jpg", "placeholder"),
        ("https://elsewhere.example/mug.png", "placeholder"),
        ("", "placeholder"),
        ("/", "placeholder"),
    ],
)
def test_a_product_with_an_unknown_picture_gets_a_drawing(picture: str, file: str) -> None:
    assert Assets().picture_url(picture).startswith(f"/static/img/products/{file}.")
