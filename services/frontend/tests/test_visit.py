"""Cookies, currency, forms and what all responses have in common."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest

if TYPE_CHECKING:
    from services.frontend.tests.conftest import Shop

Shown = Callable[[httpx.Response], str]


async def test_a_first_visit_starts_a_session_of_48_hours_that_scripts_and_other_sites_cannot_use(
    browser: httpx.AsyncClient,
) -> None:
    cookie = (await browser.get("/")).headers["set-cookie"]
    name, value = cookie.partition(";")[0].split("=")
    assert (name, str(uuid.UUID(value))) == ("shop_session-id", value)
    assert cookie.partition("; ")[2] == "HttpOnly; Max-Age=172800; Path=/; SameSite=lax"


async def test_a_session_is_kept(browser: httpx.AsyncClient) -> None:
    await browser.get("/")
    assert "set-cookie" not in (await browser.get("/")).headers


@pytest.mark.parametrize("session_id", ["", "x", "' OR 1=1", "{c786d1f2-59f1-43e9-b495-f5c147f8cab0}", "0" * 4000])
async def test_an_invalid_session_is_replaced(browser: httpx.AsyncClient, backends: Shop, session_id: str) -> None:
    answer = await browser.get("/", headers={"cookie": f"shop_session-id={session_id}"})
    assert answer.status_code == 200
    assert "shop_session-id=" in answer.headers["set-cookie"]
    assert not backends.called()["GetCart"]


async def test_cookies_are_secure_over_https(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers={"x-forwarded-proto": "https"})
    assert "; Secure" in answer.headers["set-cookie"]


async def test_the_currency_is_changed_and_kept(browser: httpx.AsyncClient, shown: Shown) -> None:
    answer = await browser.post("/setCurrency", data={"currency_code": "JPY"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    page = await browser.get("/")
    assert "Mug ¥1,005" in shown(page)
    assert "<option selected>JPY</option>" in page.text


@pytest.mark.parametrize("code", ["", "XXX", "usd", "CHF"])
async def test_an_unsupported_currency_is_refused_with_the_supported_ones(
    browser: httpx.AsyncClient, shown: Shown, code: str
) -> None:
    page = await browser.post("/setCurrency", data={"currency_code": code})
    assert page.status_code == 422
    assert "currency_code: must be one of USD, EUR, CAD, JPY, GBP, TRY" in shown(page)
    assert "shop_currency" not in browser.cookies


async def test_an_invalid_currency_cookie_is_ignored(browser: httpx.AsyncClient, shown: Shown) -> None:
    browser.cookies.set("shop_currency", "XXX")
    assert "Mug $8.99" in shown(await browser.get("/"))


@pytest.mark.parametrize(
    ("referer", "location"),
    [
        ("http://shop.test/search?q=a+b", "/search?q=a+b"),
        ("http://shop.test", "/"),
        ("http://shop.test//elsewhere.example/", "/"),
        ("http://shop.test/\\elsewhere.example", "/%5Celsewhere.example"),
        ("http://shop.test/a\tb c", "/ab%20c"),
        ("http://[", "/"),
        ("not an address", "/"),
        ("", "/"),
    ],
)
async def test_changing_the_currency_only_redirects_to_pages_of_this_site(
    browser: httpx.AsyncClient, referer: str, location: str
) -> None:
    headers = {"sec-fetch-site": "same-origin", "referer": referer}
    answer = await browser.post("/setCurrency", data={"currency_code": "EUR"}, headers=headers)
    assert answer.status_code == 302
    assert answer.headers["location"] == location


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://shop.test.elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"referer": "https://elsewhere.example/shop.test"},
        {"sec-fetch-site": "cross-site", "origin": "http://shop.test"},
        {"origin": "https://elsewhere.example", "referer": "http://shop.test/"},
    ],
)
async def test_a_post_from_another_site_is_refused(
    browser: httpx.AsyncClient, backends: Shop, headers: dict[str, str]
) -> None:
    for path in ("/cart", "/cart/empty", "/cart/quantity", "/cart/checkout", "/setCurrency"):
        answer = await browser.post(path, data={"product_id": "6E92ZMYYFZ", "quantity": "1"}, headers=headers)
        assert answer.status_code == 403
    assert set(backends.called()) == {"GetSupportedCurrencies"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "http://shop.test"},
        {"sec-fetch-site": "none"},
        {"origin": "http://shop.test"},
        {"origin": "https://shop.test"},
        {"referer": "http://shop.test/product/6E92ZMYYFZ"},
    ],
)
async def test_a_post_from_this_site_or_from_a_program_is_accepted(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await browser.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": "1"}, headers=headers)
    assert answer.status_code == 302


async def test_logging_out_deletes_the_cookies(browser: httpx.AsyncClient) -> None:
    await browser.post("/setCurrency", data={"currency_code": "EUR"})
    answer = await browser.get("/logout")
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert not dict(browser.cookies)


async def test_a_body_over_64_kib_is_refused(browser: httpx.AsyncClient, backends: Shop) -> None:
    answer = await browser.post("/cart", data={"product_id": "x" * 65_536})
    assert answer.status_code == 413


async def test_a_body_over_64_kib_without_a_content_length_is_refused(browser: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b"x" * 1024

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/cart", content=chunks(), headers=headers)).status_code == 413


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"product_id": "6E92ZMYYFZ"}', 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("", b"product_id=6E92ZMYYFZ&quantity=1", 415),
        ("application/x-www-form-urlencoded", b"product_id=\xff&quantity=1", 400),
        ("application/x-www-form-urlencoded", b"product_id=%ff&quantity=1", 400),
        ("application/x-www-form-urlencoded", b"a=1&" * 101, 400),
        ("Application/X-WWW-Form-Urlencoded; charset=utf-8", b"product_id=6E92ZMYYFZ&quantity=1", 302),
    ],
)
async def test_a_body_that_is_not_a_form_is_refused(
    browser: httpx.AsyncClient, content_type: str, body: bytes, status: int
) -> None:
    answer = await browser.post("/cart", content=body, headers={"content-type": content_type})
    assert answer.status_code == status


async def test_the_first_value_of_a_repeated_field_is_used(browser: httpx.AsyncClient, backends: Shop) -> None:
    body = "product_id=6E92ZMYYFZ&quantity=2&quantity=9&product_id=NOPE"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    await browser.post("/cart", content=body, headers=headers)
    assert list(backends.carts.values()) == [{"6E92ZMYYFZ": 2}]


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/cart"), ("GET", "/cart/empty"), ("POST", "/"), ("PUT", "/x")]
)
async def test_another_method_is_not_allowed(browser: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await browser.request(method, path)).status_code == (404 if path == "/x" else 405)


@pytest.mark.parametrize("path", ["/", "/cart", "/nope", "/static/css/shop.css", "/_healthz", "/logout"])
async def test_every_response_has_the_security_headers(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/search?q=a", "/product/OLJCESPC7Z", "/cart", "/cart/checkout", "/nope"])
async def test_no_page_has_inline_scripts_or_styles_or_links_to_another_site(
    browser: httpx.AsyncClient, cart: dict[str, int], path: str
) -> None:
    page = (await browser.get(path)).text
    for forbidden in ("<script", "<style", " style=", "onclick", "onchange", "http://", "https://"):
        assert forbidden not in page


async def test_health_and_robots_are_plain_text(browser: httpx.AsyncClient, backends: Shop) -> None:
    assert (await browser.get("/_healthz")).text == "ok"
    assert (await browser.get("/robots.txt")).text.startswith("User-agent: *\n")
    assert not backends.called()


async def test_the_request_id_is_passed_on_to_the_services(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int]
) -> None:
    await browser.get("/cart", headers={"x-request-id": "from-the-proxy"})
    assert backends.calls["GetCart"][0].metadata["x-request-id"] == "from-the-proxy"


async def test_an_internal_error_returns_a_page_without_details(
    browser: httpx.AsyncClient, backends: Shop, shown: Shown
) -> None:
    backends.products[0].price_usd.nanos = 2_000_000_000
    page = await browser.get("/", headers={"x-request-id": "find-me"})
    assert page.status_code == 500
    assert "Something went wrong on our side" in shown(page)
    assert "find-me" in shown(page)
    assert "nanos" not in page.text


async def test_a_catalog_that_never_responded_returns_503(browser: httpx.AsyncClient, backends: Shop) -> None:
    backends.fail("ListProducts", grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert (await browser.get("/")).status_code == 503
