"""Looking around: home, search, products, and what is said about them to programs."""

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


async def test_a_product_page_shows_the_product_its_like_and_an_ad(browser: httpx.AsyncClient, shown: Shown) -> None:
    page = await browser.get("/product/OLJCESPC7Z")
    assert page.status_code == 200
    assert "accessories Sunglasses $19.99 What is said of the sunglasses." in shown(page)
    assert "You may also like Mug $8.99" in shown(page)
    assert "A mug for mornings." in shown(page)


@pytest.mark.parametrize("path", ["/product/NOPE", "/product/%ff", "/product/" + "x" * 2000, "/nope", "/cart/", "//x"])
async def test_an_unknown_product_or_path_is_a_page_of_status_404(
    browser: httpx.AsyncClient, shown: Shown, path: str
) -> None:
    page = await browser.get(f"http://shop.test{path}")
    assert page.status_code == 404
    assert "There is nothing here" in shown(page)


async def test_a_product_that_was_added_a_moment_ago_has_a_page(browser: httpx.AsyncClient, neighbours: Shop) -> None:
    await browser.get("/")
    new = shop_pb2.Product(id="NEW", name="Lantern", price_usd=shop_pb2.Money(currency_code="USD", units=5))
    neighbours.products.append(new)
    page = await browser.get("/product/NEW")
    assert page.status_code == 200
    assert "Lantern" in page.text


async def test_search_shows_what_the_catalog_finds(browser: httpx.AsyncClient, shown: Shown) -> None:
    page = await browser.get("/search", params={"q": "mug"})
    assert "“mug” 1 piece found. Mug $8.99" in shown(page)
    assert "Sunglasses" not in shown(page)


async def test_search_says_when_there_is_nothing(browser: httpx.AsyncClient, shown: Shown) -> None:
    assert "No pieces found." in shown(await browser.get("/search", params={"q": "zeppelin"}))


async def test_an_empty_search_shows_everything(browser: httpx.AsyncClient, shown: Shown) -> None:
    assert "2 pieces found." in shown(await browser.get("/search"))


@pytest.mark.parametrize(
    ("query", "status"), [("q=" + "x" * 257, 422), ("q=a%00b", 422), ("q=%ff", 400), ("a&" * 101, 400)]
)
async def test_a_search_that_cannot_be_is_refused(
    browser: httpx.AsyncClient, neighbours: Shop, query: str, status: int
) -> None:
    assert (await browser.get(f"/search?{query}")).status_code == status
    assert not neighbours.called()["SearchProducts"]


async def test_what_a_visitor_searches_for_is_shown_as_text(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/search", params={"q": '"><script>alert(1)</script>'})
    assert page.status_code == 200
    assert "<script" not in page.text


async def test_what_the_catalog_and_ads_say_is_shown_as_text(browser: httpx.AsyncClient, neighbours: Shop) -> None:
    hostile = "<script>alert(1)</script>"
    neighbours.products[0].name = neighbours.products[0].description = neighbours.products[0].categories[0] = hostile

    async def get_ads(*_: Any) -> shop_pb2.AdResponse:
        return shop_pb2.AdResponse(ads=[shop_pb2.Ad(redirect_url='/product/"><script>', text=hostile)])

    neighbours.answers["GetAds"] = get_ads
    for path in ("/", "/product/OLJCESPC7Z"):
        page = await browser.get(path)
        assert "&lt;script&gt;" in page.text
        assert "<script" not in page.text


async def test_an_ad_that_leads_out_of_the_shop_is_not_shown(browser: httpx.AsyncClient, neighbours: Shop) -> None:
    async def get_ads(*_: Any) -> shop_pb2.AdResponse:
        return shop_pb2.AdResponse(ads=[shop_pb2.Ad(redirect_url="https://elsewhere.example", text="Elsewhere")])

    neighbours.answers["GetAds"] = get_ads
    assert "Elsewhere" not in (await browser.get("/")).text


@pytest.mark.parametrize("failure", ["late", "away"])
async def test_ads_recommendations_and_the_cart_may_fail_without_hurting_a_page(
    browser: httpx.AsyncClient, neighbours: Shop, cart: dict[str, int], shown: Shown, failure: str
) -> None:
    async def never(*_: Any) -> shop_pb2.Empty:
        await asyncio.Event().wait()
        raise AssertionError

    for method in ("GetAds", "ListRecommendations", "GetCart"):
        neighbours.fail(method, grpc.StatusCode.INTERNAL)
        if failure == "late":
            neighbours.answers[method] = never
    page = await browser.get("/product/OLJCESPC7Z")
    assert page.status_code == 200
    assert "Sunglasses $19.99" in shown(page)
    assert "Advertisement" not in shown(page)
    assert "You may also like" not in shown(page)


async def test_a_home_page_costs_one_call_once_the_catalog_is_known(
    browser: httpx.AsyncClient, neighbours: Shop, cart: dict[str, int]
) -> None:
    await browser.get("/")
    neighbours.calls.clear()
    for _ in range(10):
        await browser.get("/")
    assert neighbours.called() == {"GetCart": 10}


async def test_the_home_page_of_a_new_visitor_asks_for_no_cart(browser: httpx.AsyncClient, neighbours: Shop) -> None:
    await browser.get("/")
    assert not neighbours.called()["GetCart"]


async def test_visitors_at_the_same_time_share_one_look_at_the_catalog(
    browser: httpx.AsyncClient, neighbours: Shop
) -> None:
    browser.cookies.set("shop_currency", "EUR")
    await asyncio.gather(*(browser.get("/") for _ in range(20)))
    assert neighbours.called()["ListProducts"] == 1
    assert neighbours.called()["ConvertMany"] == 1


@pytest.mark.parametrize(
    ("currency", "price"),
    [("EUR", "€17.68"), ("CAD", "CA$26.80"), ("JPY", "¥2,235"), ("GBP", "£15.60"), ("TRY", "₺115.18")],
)
async def test_prices_are_shown_in_the_visitors_currency(
    browser: httpx.AsyncClient, shown: Shown, currency: str, price: str
) -> None:
    browser.cookies.set("shop_currency", currency)
    assert f"Sunglasses {price}" in shown(await browser.get("/"))


async def test_prices_are_converted_one_by_one_where_the_service_knows_no_batch(
    browser: httpx.AsyncClient, neighbours: Shop, shown: Shown
) -> None:
    del neighbours.answers["ConvertMany"]
    for currency, price in (("EUR", "€17.68"), ("JPY", "¥2,235")):
        browser.cookies.set("shop_currency", currency)
        assert f"Sunglasses {price}" in shown(await browser.get("/"))
    assert neighbours.called()["ConvertMany"] == 1


async def test_the_catalogs_own_currency_is_shown_while_no_other_can_be(
    browser: httpx.AsyncClient, neighbours: Shop, shown: Shown
) -> None:
    neighbours.fail("GetSupportedCurrencies", grpc.StatusCode.INTERNAL)
    browser.cookies.set("shop_currency", "EUR")
    assert "Sunglasses $19.99" in shown(await browser.get("/"))


async def test_product_meta_is_the_product_as_json(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/product-meta/OLJCESPC7Z")
    assert answer.json() == {
        "id": "OLJCESPC7Z",
        "name": "Sunglasses",
        "description": "What is said of the sunglasses.",
        "picture": "/static/img/products/sunglasses.svg",
        "price_usd": {"currency_code": "USD", "units": 19, "nanos": 990_000_000},
        "categories": ["accessories"],
    }


async def test_product_meta_of_many_is_an_array(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/product-meta/6E92ZMYYFZ,OLJCESPC7Z")
    assert [entry["name"] for entry in answer.json()] == ["Mug", "Sunglasses"]


@pytest.mark.parametrize(("ids", "status"), [("NOPE", 404), ("6E92ZMYYFZ,NOPE", 404), ("x," * 50, 422)])
async def test_product_meta_refuses_what_is_not_there(browser: httpx.AsyncClient, ids: str, status: int) -> None:
    assert (await browser.get(f"/product-meta/{ids}")).status_code == status
