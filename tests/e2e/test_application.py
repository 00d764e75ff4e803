"""Tests the second storefront: the application in a browser, its API, its sessions, and the synthetic shoppers."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dev.progress import Progress
from dev.toolchain import ensure
from tests.e2e.browser import browser_page, buy_in_application
from tests.e2e.conftest import RunningShop
from tests.e2e.workspace import lines_with

pytestmark = pytest.mark.cluster

MUG = "6E92ZMYYFZ"
VISITORS = 20
STATISTICS_SECONDS = 60
"""Postgres updates its statistics only from time to time."""


@pytest.fixture
def visitor(shop: RunningShop) -> Iterator[httpx.Client]:
    """A visitor who has opened the application."""
    with httpx.Client(base_url=shop.application_address, trust_env=False, timeout=30) as client:
        assert client.get("/").is_success
        yield client


def cart(visitor: httpx.Client) -> dict[str, str]:
    response = visitor.post("/api/v1/cart", json={}).raise_for_status().json()
    contents: dict[str, str] = response["data"]
    return contents


def test_a_shopper_buys_something_in_the_application(shop: RunningShop) -> None:
    with browser_page() as page:
        order = buy_in_application(page, shop.application_address)
    stored = shop.kubectl.query(f"SELECT count(*) FROM orders.orders WHERE id = '{order.order_id}'")
    assert stored == ["1"]
    assert len(lines_with(shop.kubectl.logs("email"), ["confirmation rendered", order.order_id])) == 1


def test_a_shopper_buys_something_in_the_application_on_a_phone(shop: RunningShop) -> None:
    with browser_page(width=360, height=740) as page:
        order = buy_in_application(page, shop.application_address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert order.order_id


def test_the_scripts_of_a_page_are_below_100_kb_compressed(shop: RunningShop) -> None:
    sizes: dict[str, int] = {}
    with browser_page() as page:
        page.on("response", lambda response: sizes.update({response.url: _script_bytes(response)}))
        page.goto(shop.application_address)
        page.wait_for_load_state("networkidle")
    print(sizes)
    assert 0 < sum(sizes.values()) < 100_000


def _script_bytes(response: Any) -> int:
    is_script = response.request.resource_type == "script"
    return int(response.headers["content-length"]) if is_script else 0


def test_each_visitor_of_each_storefront_has_a_separate_cart(shop: RunningShop, visitor: httpx.Client) -> None:
    visitor.put(f"/api/v1/cart/{MUG}/3").raise_for_status()
    assert cart(visitor) == {MUG: "3"}
    with httpx.Client(base_url=shop.application_address, trust_env=False) as other_visitor:
        assert cart(other_visitor) == {}
    with httpx.Client(base_url=shop.address, trust_env=False, cookies=visitor.cookies) as other_storefront:
        assert "There is nothing in it yet" in other_storefront.get("/cart").text


def test_a_picture_from_the_bucket_supports_caching_and_ranges(visitor: httpx.Client) -> None:
    picture = visitor.get("/api/v1/content/mug.svg")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    again = visitor.get("/api/v1/content/mug.svg", headers={"if-none-match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = visitor.get("/api/v1/content/mug.svg", headers={"range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, picture.content[:10])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/nothing", None, 404),
        ("GET", "/api/v1/product/nothing", None, 404),
        ("PATCH", "/api/v1/cart", "{}", 405),
        ("POST", "/api/v1/cart", "not JSON", 400),
        ("PUT", f"/api/v1/cart/{MUG}/many", None, 400),
        ("PUT", "/api/v1/cart/NOSUCHTHING/1", None, 404),
        ("POST", "/api/v1/checkout/process", '{"amount": "a lot"}', 400),
        ("GET", "/api/v1/content/..%2f..%2fetc%2fpasswd", None, 404),
        ("GET", "/api/v1/content/no-such.svg", None, 404),
    ],
)
def test_an_error_is_json_with_a_reason(
    visitor: httpx.Client, method: str, path: str, body: str | None, status: int
) -> None:
    response = visitor.request(method, path, content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert response.json()["message"] == "failure"
    assert response.json()["reason"]
    assert "Traceback" not in response.text


@pytest.mark.parametrize("query", ["' OR '1'='1", "%'; DROP TABLE catalog.products; --", "{{7*7}}", "${7*7}", "%_%"])
def test_a_search_for_code_finds_nothing_and_runs_nothing(visitor: httpx.Client, query: str) -> None:
    response = visitor.post("/api/v1/product/search", json={"query": query, "page": {"size": 6}})
    assert response.json() == {"meta": {"page": {"total_results": 0}}, "results": []}
    assert visitor.post("/api/v1/product/documents", json=[]).json()


def test_an_amount_that_differs_from_the_cart_is_refused_and_not_charged(visitor: httpx.Client) -> None:
    visitor.put(f"/api/v1/cart/{MUG}/2").raise_for_status()
    address = {"street_1": "12 Analytical Row", "city": "London", "postal_code": "SW1A 1AA", "country": "UK"}
    card = {"name": "Ada", "number": "4432801561520454", "expiration": "12/39", "security_code": "672"}
    order = {"amount": 0.01, "shipping": {"address": address}, "billing": {"address": address, "card": card}}
    refused = visitor.post("/api/v1/checkout/process", json=order)
    assert refused.status_code == 409
    assert "0.01" in refused.json()["reason"]
    assert cart(visitor) == {MUG: "2"}


def test_a_forged_cookie_starts_a_new_session(shop: RunningShop, visitor: httpx.Client) -> None:
    visitor.put(f"/api/v1/cart/{MUG}/1").raise_for_status()
    forged = visitor.cookies["session_id"][:-1] + "~"
    with httpx.Client(base_url=shop.application_address, trust_env=False) as forger:
        response = forger.post("/api/v1/cart", json={}, headers={"cookie": f"session_id={forged}"})
        assert response.json()["data"] == {}
        assert response.cookies["session_id"] not in {forged, visitor.cookies["session_id"]}


def test_sessions_are_read_from_the_replica(shop: RunningShop, visitor: httpx.Client) -> None:
    before = shop.kubectl.redis_calls("session-data-replica-0", "pttl")
    for _ in range(10):
        cart(visitor)
    assert shop.kubectl.redis_calls("session-data-replica-0", "pttl") >= before + 10


def test_products_are_read_from_the_replica(shop: RunningShop, visitor: httpx.Client) -> None:
    scans = "SELECT sum(seq_scan + idx_scan) FROM pg_stat_user_tables WHERE schemaname = 'catalog'"
    before = {pod: shop.kubectl.query(scans, pod) for pod in ("product-data-0", "product-data-replica-0")}
    deadline = time.monotonic() + STATISTICS_SECONDS
    while shop.kubectl.query(scans, "product-data-replica-0") == before["product-data-replica-0"]:
        assert time.monotonic() < deadline, "the replica was not used"
        visitor.post("/api/v1/product/search", json={"query": "mug"}).raise_for_status()
    assert shop.kubectl.query(scans, "product-data-0") == before["product-data-0"]


def test_the_synthetic_shoppers_find_no_error(shop: RunningShop) -> None:
    with Progress() as progress:
        k6 = ensure(["k6"], progress)
    settings = {
        "WEB_GATEWAY_ADDR": shop.application_address.removeprefix("http://"),
        "USERS": "5",
        "RUN_SECONDS": "30",
        "PATH": k6.path_environment(),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "boutique_synthetics"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (summary,) = [entry for line in ran.stdout.splitlines() if "orders" in (entry := json.loads(line))]
    assert summary["orders"] > 0
    assert (summary["failures"], summary["errors"], summary["crossed"]) == (0, {}, [])


def test_visitors_keep_their_sessions_and_new_ones_are_served_while_the_session_store_restarts(
    shop: RunningShop,
) -> None:
    cookies = asyncio.run(_start_sessions(shop.application_address))
    # Redis writes to disk once per second. This returns once everything before it is on disk.
    shop.kubectl.redis("session-data-0", "SET session-data:synchronised 1", "WAITAOF 1 0 10000")
    kept, seconds = asyncio.run(_visit_while_the_store_restarts(shop, cookies))
    print(f"sessions were stored again {seconds:.1f} s after their store was killed")
    assert kept == cookies
    assert asyncio.run(_resume_sessions(shop.application_address, cookies)) == cookies


async def _visit_while_the_store_restarts(shop: RunningShop, cookies: list[str]) -> tuple[list[str], float]:
    """Visits the shop while the session store is killed and replaced.

    Returns:
        The cookies that the visitors have afterwards, and the seconds until the store was replaced.
    """
    killed = time.monotonic()
    restart = asyncio.create_task(asyncio.to_thread(shop.kubectl.kill, "session-data-0"))
    kept = cookies
    while not restart.done():
        kept = await _resume_sessions(shop.application_address, kept)
        await _start_sessions(shop.application_address)
    await restart
    return kept, time.monotonic() - killed


async def _start_sessions(address: str) -> list[str]:
    """Starts new sessions, and returns their cookies."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client:
        pages = await asyncio.gather(*(client.get("/", headers={"cookie": ""}) for _ in range(VISITORS)))
    return [page.cookies["session_id"] for page in pages]


async def _resume_sessions(address: str, cookies: list[str]) -> list[str]:
    """Makes a call with each cookie. Returns the cookie that each visitor has afterwards."""

    async def resume(client: httpx.AsyncClient, cookie: str) -> str:
        response = await client.post("/api/v1/cart", json={}, headers={"cookie": f"session_id={cookie}"})
        assert response.is_success, response.text
        return response.cookies.get("session_id") or cookie

    async with httpx.AsyncClient(trust_env=False, base_url=address, timeout=30) as client:
        return list(await asyncio.gather(*(resume(client, cookie) for cookie in cookies)))
