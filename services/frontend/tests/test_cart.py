"""Adding to the cart and changing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest

if TYPE_CHECKING:
    from services.frontend.tests.conftest import Shop

Shown = Callable[[httpx.Response], str]


async def test_adding_a_product_redirects_to_the_cart(browser: httpx.AsyncClient, backends: Shop, shown: Shown) -> None:
    answer = await browser.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "3"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/cart")
    assert backends.carts == {browser.cookies["shop_session-id"]: {"OLJCESPC7Z": 3}}
    page = await browser.get("/cart")
    assert "Sunglasses $19.99 each" in shown(page)
    assert "Subtotal $59.97 Shipping $8.99 Total $68.96" in shown(page)


async def test_line_totals_are_multiples_of_the_displayed_price(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    browser.cookies.set("shop_currency", "EUR")
    cart.clear()
    cart["OLJCESPC7Z"] = 3
    page = shown(await browser.get("/cart"))
    assert "€17.68 each" in page
    assert "Subtotal €53.04 Shipping €7.95 Total €60.99" in page


async def test_every_page_shows_the_number_of_pieces_in_the_cart(
    browser: httpx.AsyncClient, cart: dict[str, int]
) -> None:
    assert 'class="count">2<' in (await browser.get("/")).text


async def test_an_empty_cart_says_so_and_requests_no_quote(
    browser: httpx.AsyncClient, backends: Shop, shown: Shown
) -> None:
    assert "There is nothing in it yet." in shown(await browser.get("/cart"))
    assert not backends.called()["GetQuote"]


@pytest.mark.parametrize(
    "quantity", ["0", "11", "-1", "1.5", "two", "", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 400, "1e1"]
)
async def test_an_invalid_quantity_is_reported_beside_the_field_and_changes_nothing(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown, quantity: str
) -> None:
    page = await browser.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": quantity})
    assert page.status_code == 422
    assert "quantity: must be a whole number from 1 to 10" in shown(page)
    assert 'aria-invalid="true" aria-describedby="quantity-problem"' in page.text
    assert cart == {"6E92ZMYYFZ": 2}


async def test_a_full_cart_is_reported_beside_the_field(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    cart["6E92ZMYYFZ"] = 99
    page = await browser.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": "1"})
    assert page.status_code == 422
    assert "quantity: a cart holds at most 99 of a product" in shown(page)


async def test_an_unknown_product_cannot_be_added(browser: httpx.AsyncClient, backends: Shop) -> None:
    answer = await browser.post("/cart", data={"product_id": "NOPE", "quantity": "1"})
    assert answer.status_code == 404
    assert not backends.called()["AddItem"]


@pytest.mark.parametrize("path", ["/cart", "/cart/quantity"])
async def test_a_form_without_a_product_is_refused_with_the_fields_name(
    browser: httpx.AsyncClient, shown: Shown, path: str
) -> None:
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


async def test_an_invalid_change_of_a_quantity_is_reported_in_the_cart(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    page = await browser.post("/cart/quantity", data={"product_id": "6E92ZMYYFZ", "quantity": "100"})
    assert page.status_code == 422
    assert "quantity: must be a whole number from 0 to 99" in shown(page)
    assert cart == {"6E92ZMYYFZ": 2}


async def test_a_quantity_is_changed_by_a_service_that_can_only_add_and_empty(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int]
) -> None:
    del backends.answers["SetItem"]
    cart["OLJCESPC7Z"] = 4
    await browser.post("/cart/quantity", data={"product_id": "6E92ZMYYFZ", "quantity": "5"})
    await browser.post("/cart/quantity", data={"product_id": "OLJCESPC7Z", "quantity": "0"})
    assert backends.carts[browser.cookies["shop_session-id"]] == {"6E92ZMYYFZ": 5}
    assert backends.called()["SetItem"] == 1


async def test_emptying_the_cart_redirects_to_the_home_page(browser: httpx.AsyncClient, backends: Shop) -> None:
    await browser.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "1"})
    answer = await browser.post("/cart/empty")
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert backends.carts == {}


async def test_a_discontinued_product_can_be_removed(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    cart["GONE"] = 1
    page = await browser.get("/cart")
    assert "GONE This product is no longer in the shop." in shown(page)
    assert "Subtotal $17.98" in shown(page)


async def test_the_cart_is_shown_while_the_shipping_service_fails(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], shown: Shown
) -> None:
    backends.fail("GetQuote", grpc.StatusCode.INTERNAL)
    assert "Shipping calculated when you order Total $17.98" in shown(await browser.get("/cart"))


@pytest.mark.parametrize("code", [grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.FAILED_PRECONDITION])
async def test_a_failing_cart_service_returns_503_with_retry_after(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], shown: Shown, code: grpc.StatusCode
) -> None:
    backends.fail("GetCart", code, "Can't access cart storage")
    page = await browser.get("/cart")
    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "storage" not in page.text
    assert f"Request {page.headers['x-request-id']}" in shown(page)
