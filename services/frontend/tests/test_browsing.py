"""Home, search and product pages, and products as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest

from hipstershop import shop_pb2

if TYPE_CHECKING:
    from services.frontend.tests.conftest import Shop

Shown = Callable[[httpx.Response], str]


async def test_the_home_page_shows_every_product_with_its_price(browser: httpx.AsyncClient, shown: Shown) -> None:
    page = await browser.get("/")
    assert page.status_code == 200
    assert "Sunglasses $19.99" in shown(page)
    assert "Mug $8.99" in shown(page)


async def test_a_product_page_shows_the_product_recommendations_and_an_ad(
    browser: httpx.AsyncClient, shown: Shown
) -> None:
    page = await browser.get("/product/OLJCESPC7Z")
    assert page.status_code == 200
    assert "accessories Sunglasses $19.99 What is said of the sunglasses." in shown(page)
    assert "You may also like Mug $8.99" in shown(page)
    assert "A mug for mornings." in shown(page)


@pytest.mark.parametrize("path", ["/product/NOPE", "/product/%ff", "/product/" + "x" * 2000, "/nope", "/cart/", "//x"])
async def test_an_unknown_product_or_path_returns_a_page_with_404(
    browser: httpx.AsyncClient, shown: Shown, path: str
) -> None:
    page = await browser.get(f"http://shop.test{path}")
    assert page.status_code == 404
    assert "There is nothing here" in shown(page)


async def test_a_product_that_was_just_added_has_a_page(browser: httpx.AsyncClient, backends: Shop) -> None:
    await browser.get("/")
    new = shop_pb2.Product(id="NEW", name="Lantern", price_usd=shop_pb2.Money(currency_code="USD", units=5))
    backends.products.append(new)
    page = await browser.get("/product/NEW")
    assert page.status_code == 200
    assert "Lantern" in page.text


async def test_a_search_shows_what_the_catalog_finds(browser: httpx.AsyncClient, shown: Shown) -> None:
    page = await browser.get("/search", params={"q": "mug"})
    assert "“mug” 1 piece found. Mug $8.99" in shown(page)
    assert "Sunglasses" not in shown(page)


async def test_a_search_without_matches_says_so(browser: httpx.AsyncClient, shown: Shown) -> None:
    assert "No pieces found." in shown(await browser.get("/search", params={"q": "zeppelin"}))


async def test_an_empty_search_shows_all_products(browser: httpx.AsyncClient, shown: Shown) -> None:
    assert "2 pieces found." in shown(await browser.get("/search"))


@pytest.mark.parametrize(
    ("query", "status"), [("q=" + "x" * 257, 422), ("q=a%00b", 422), ("q=%ff", 400), ("a&" * 101, 400)]
)
async def test_an_invalid_search_is_refused(
    browser: httpx.AsyncClient, backends: Shop, query: str, status: int
) -> None:
    assert (await browser.get(f"/search?{query}")).status_code == status
    assert not backends.called()["SearchProducts"]


async def test_the_search_text_is_escaped(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/search", params={"q": '"><script>alert(1)</script>'})
    assert page.status_code == 200
    assert "<script" not in page.text


async def test_texts_of_the_catalog_and_of_ads_are_escaped(browser: httpx.AsyncClient, backends: Shop) -> None:
    hostile = "<script>alert(1)</script>"
    backends.products[0].name = backends.products[0].description = backends.products[0].categories[0] = hostile

    async def get_ads(*_: Any) -> shop_pb2.AdResponse:
        return shop_pb2.AdResponse(ads=[shop_pb2.Ad(redirect_url='/product/"><script>', text=hostile)])

    backends.answers["GetAds"] = get_ads
    for path in ("/", "/product/OLJCESPC7Z"):
        page = await browser.get(path)
        assert "&lt;script&gt;" in page.text
        assert "<script" not in page.text


async def test_an_ad_that_links_to_another_site_is_not_shown(browser: httpx.AsyncClient, backends: Shop) -> None:
    async def get_ads(*_: Any) -> shop_pb2.AdResponse:
        return shop_pb2.AdResponse(ads=[shop_pb2.Ad(redirect_url="https://elsewhere.example", text="Elsewhere")])

    backends.answers["GetAds"] = get_ads
    assert "Elsewhere" not in (await browser.get("/")).text


@pytest.mark.parametrize("failure", ["late", "away"])
async def test_a_page_is_shown_without_ads_recommendations_and_cart_when_they_fail(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], shown: Shown, failure: str
) -> None:
    async def never(*_: Any) -> shop_pb2.Empty:
        await asyncio.Event().wait()
        raise AssertionError

    for method in ("GetAds", "ListRecommendations", "GetCart"):
        backends.fail(method, grpc.StatusCode.INTERNAL)
        if failure == "late":
            backends.answers[method] = never
    page = await browser.get("/product/OLJCESPC7Z")
    assert page.status_code == 200
    assert "Sunglasses $19.99" in shown(page)
    assert "Advertisement" not in shown(page)
    assert "You may also like" not in shown(page)


async def test_a_home_page_costs_one_call_once_the_catalog_is_cached(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int]
) -> None:
    await browser.get("/")
    backends.calls.clear()
    for _ in range(10):
        await browser.get("/")
    assert backends.called() == {"GetCart": 10}


async def test_the_home_page_of_a_new_visitor_does_not_call_the_cart_service(
    browser: httpx.AsyncClient, backends: Shop
) -> None:
    await browser.get("/")
    assert not backends.called()["GetCart"]


async def test_concurrent_visitors_share_one_call_of_the_catalog(browser: httpx.AsyncClient, backends: Shop) -> None:
    browser.cookies.set("shop_currency", "EUR")
    await asyncio.gather(*(browser.get("/") for _ in range(20)))
    assert backends.called()["ListProducts"] == 1
    assert backends.called()["ConvertMany"] == 1


@pytest.mark.parametrize(
    ("currency", "price"),
    [("EUR", "€17.68"), ("CAD", "CA$26.80"), ("JPY", "¥2,235"), ("GBP", "£15.60"), ("TRY", "₺115.18")],
)
async def test_prices_are_shown_in_the_visitors_currency(
    browser: httpx.AsyncClient, shown: Shown, currency: str, price: str
) -> None:
    browser.cookies.set("shop_currency", currency)
    assert f"Sunglasses {price}" in shown(await browser.get("/"))


async def test_prices_are_converted_one_by_one_if_the_service_has_no_batch_method(
    browser: httpx.AsyncClient, backends: Shop, shown: Shown
) -> None:
    del backends.answers["ConvertMany"]
    for currency, price in (("EUR", "€17.68"), ("JPY", "¥2,235")):
        browser.cookies.set("shop_currency", currency)
        assert f"Sunglasses {price}" in shown(await browser.get("/"))
    assert backends.called()["ConvertMany"] == 1


async def test_prices_are_shown_in_dollars_while_the_currency_service_fails(
    browser: httpx.AsyncClient, backends: Shop, shown: Shown
) -> None:
    backends.fail("GetSupportedCurrencies", grpc.StatusCode.INTERNAL)
    browser.cookies.set("shop_currency", "EUR")
    assert "Sunglasses $19.99" in shown(await browser.get("/"))


async def test_product_meta_returns_the_product_as_json(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/product-meta/OLJCESPC7Z")
    assert answer.json() == {
        "id": "OLJCESPC7Z",
        "name": "Sunglasses",
        "description": "What is said of the sunglasses.",
        "picture": "/static/img/products/sunglasses.svg",
        "price_usd": {"currency_code": "USD", "units": 19, "nanos": 990_000_000},
        "categories": ["accessories"],
    }


async def test_product_meta_returns_an_array_for_several_ids(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/product-meta/6E92ZMYYFZ,OLJCESPC7Z")
    assert [entry["name"] for entry in answer.json()] == ["Mug", "Sunglasses"]


@pytest.mark.parametrize(("ids", "status"), [("NOPE", 404), ("6E92ZMYYFZ,NOPE", 404), ("x," * 50, 422)])
async def test_product_meta_refuses_unknown_and_too_many_ids(browser: httpx.AsyncClient, ids: str, status: int) -> None:
    assert (await browser.get(f"/product-meta/{ids}")).status_code == status
