"""Filling a cart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest

if TYPE_CHECKING:
    from services.frontend.tests.conftest import Shop

Shown = Callable[[httpx.Response], str]


async def test_adding_a_product_leads_to_the_cart(browser: httpx.AsyncClient, neighbours: Shop, shown: Shown) -> None:
    answer = await browser.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "3"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/cart")
    assert neighbours.carts == {browser.cookies["shop_session-id"]: {"OLJCESPC7Z": 3}}
    page = await browser.get("/cart")
    assert "Sunglasses $19.99 each" in shown(page)
    assert "Subtotal $59.97 Shipping $8.99 Total $68.96" in shown(page)


async def test_lines_are_multiples_of_the_price_that_is_shown(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    browser.cookies.set("shop_currency", "EUR")
    cart.clear()
    cart["OLJCESPC7Z"] = 3
    page = shown(await browser.get("/cart"))
    assert "€17.68 each" in page
    assert "Subtotal €53.04 Shipping €7.95 Total €60.99" in page


async def test_the_number_of_pieces_is_on_every_page(browser: httpx.AsyncClient, cart: dict[str, int]) -> None:
    assert 'class="count">2<' in (await browser.get("/")).text


async def test_an_empty_cart_says_so_and_asks_for_no_quote(
    browser: httpx.AsyncClient, neighbours: Shop, shown: Shown
) -> None:
    assert "There is nothing in it yet." in shown(await browser.get("/cart"))
    assert not neighbours.called()["GetQuote"]


@pytest.mark.parametrize(
    "quantity", ["0", "11", "-1", "1.5", "two", "", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 400, "1e1"]
)
async def test_a_quantity_out_of_range_is_said_beside_the_field_and_changes_nothing(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown, quantity: str
) -> None:
    page = await browser.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": quantity})
    assert page.status_code == 422
    assert "quantity: must be a whole number from 1 to 10" in shown(page)
    assert 'aria-invalid="true" aria-describedby="quantity-problem"' in page.text
    assert cart == {"6E92ZMYYFZ": 2}


async def test_a_cart_that_is_full_is_said_beside_the_field(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    cart["6E92ZMYYFZ"] = 99
    page = await browser.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": "1"})
    assert page.status_code == 422
    assert "quantity: a cart holds at most 99 of a product" in shown(page)


async def test_a_product_that_is_not_there_cannot_be_added(browser: httpx.AsyncClient, neighbours: Shop) -> None:
    answer = await browser.post("/cart", data={"product_id": "NOPE", "quantity": "1"})
    assert answer.status_code == 404
    assert not neighbours.called()["AddItem"]


@pytest.mark.parametrize("path", ["/cart", "/cart/quantity"])
async def test_a_form_without_a_product_is_refused_by_name(browser: httpx.AsyncClient, shown: Shown, path: str) -> None:
    page = await browser.post(path, data={"quantity": "1"})
    assert page.status_code == 422
    assert "product_id: is needed" in shown(page)


async def test_a_quantity_can_be_changed_and_a_product_removed(
    browser: httpx.AsyncClient, cart: dict[str, int]
) -> None:
    answer = await browser.post("/cart/quantity", data={"product_id": "6E92ZMYYFZ", "quantity": "7"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/cart")
    assert cart == {"6E92ZMYYFZ": 7}
    await browser.post("/cart/quantity", data={"product_id": "6E92ZMYYFZ", "quantity": "0"})
    assert cart == {}


async def test_a_changed_quantity_out_of_range_is_said_in_the_cart(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    page = await browser.post("/cart/quantity", data={"product_id": "6E92ZMYYFZ", "quantity": "100"})
    assert page.status_code == 422
    assert "quantity: must be a whole number from 0 to 99" in shown(page)
    assert cart == {"6E92ZMYYFZ": 2}


async def test_a_quantity_is_changed_where_the_service_can_only_add_and_empty(
    browser: httpx.AsyncClient, neighbours: Shop, cart: dict[str, int]
) -> None:
    del neighbours.answers["SetItem"]
    cart["OLJCESPC7Z"] = 4
    await browser.post("/cart/quantity", data={"product_id": "6E92ZMYYFZ", "quantity": "5"})
    await browser.post("/cart/quantity", data={"product_id": "OLJCESPC7Z", "quantity": "0"})
    assert neighbours.carts[browser.cookies["shop_session-id"]] == {"6E92ZMYYFZ": 5}
    assert neighbours.called()["SetItem"] == 1


async def test_emptying_leads_to_the_home_page(browser: httpx.AsyncClient, neighbours: Shop) -> None:
    await browser.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "1"})
    answer = await browser.post("/cart/empty")
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert neighbours.carts == {}


async def test_a_product_that_was_withdrawn_can_be_removed(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    cart["GONE"] = 1
    page = await browser.get("/cart")
    assert "GONE This product is no longer in the shop." in shown(page)
    assert "Subtotal $17.98" in shown(page)


async def test_the_cart_is_shown_while_shipping_is_away(
    browser: httpx.AsyncClient, neighbours: Shop, cart: dict[str, int], shown: Shown
) -> None:
    neighbours.fail("GetQuote", grpc.StatusCode.INTERNAL)
    assert "Shipping told when you order Total $17.98" in shown(await browser.get("/cart"))


@pytest.mark.parametrize("code", [grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.FAILED_PRECONDITION])
async def test_a_cart_that_cannot_be_reached_is_a_503_that_says_when_to_come_back(
    browser: httpx.AsyncClient, neighbours: Shop, cart: dict[str, int], shown: Shown, code: grpc.StatusCode
) -> None:
    neighbours.fail("GetCart", code, "Can't access cart storage")
    page = await browser.get("/cart")
    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "storage" not in page.text
    assert f"Request {page.headers['x-request-id']}" in shown(page)
