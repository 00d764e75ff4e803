"""Orders: placed once, with every field checked, and no card details shown or logged."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest

from boutique_frontend.confirmation import MAXIMUM_RECEIPT_LENGTH, read_receipt, write_receipt
from boutique_runtime.money import Money
from hipstershop import shop_pb2

if TYPE_CHECKING:
    from services.frontend.tests.conftest import Shop

Shown = Callable[[httpx.Response], str]
Form = dict[str, str]


def hidden_key(page: httpx.Response) -> str:
    found = re.search(r'name="idempotency_key" value="([^"]+)"', page.text)
    assert found
    return found[1]


async def test_an_order_is_confirmed_with_its_ids_items_and_total(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form, shown: Shown
) -> None:
    browser.cookies.set("shop_currency", "EUR")
    answer = await browser.post("/cart/checkout", data=order_form)
    assert answer.status_code == 302
    page = await browser.get(answer.headers["location"])
    (order,) = backends.orders.values()
    assert page.status_code == 200
    assert f"Order {order.order_id} Tracking AB-1234-5678 Total paid €23.85" in shown(page)
    assert "2 \N{MULTIPLICATION SIGN} Mug €15.90 Shipping €7.95" in shown(page)


async def test_an_order_is_sent_as_the_contract_requires(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form
) -> None:
    await browser.post("/cart/checkout", data=order_form | {"state": "Middlesex", "unknown": "field"})
    assert backends.calls["PlaceOrder"][0].request == shop_pb2.PlaceOrderRequest(
        user_id=browser.cookies["shop_session-id"],
        user_currency="USD",
        address=shop_pb2.Address(
            street_address="12 Analytical Row",
            city="London",
            state="Middlesex",
            country="United Kingdom",
            zip_code=94043,
            postal_code="94043",
        ),
        email="ada@example.com",
        credit_card=shop_pb2.CreditCardInfo(
            credit_card_number="4432801561520454",
            credit_card_cvv=672,
            credit_card_expiration_year=2039,
            credit_card_expiration_month=1,
        ),
    )


async def test_a_postal_code_may_have_letters(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form
) -> None:
    await browser.post("/cart/checkout", data=order_form | {"zip_code": "SW1A 1AA"})
    address = backends.calls["PlaceOrder"][0].request.address
    assert (address.postal_code, address.zip_code) == ("SW1A 1AA", 0)


async def test_the_checkout_page_shows_the_order_and_an_empty_form(
    browser: httpx.AsyncClient, cart: dict[str, int], shown: Shown
) -> None:
    page = await browser.get("/cart/checkout")
    assert page.status_code == 200
    assert "2 \N{MULTIPLICATION SIGN} Mug $17.98 Subtotal $17.98 Shipping $8.99 Total $26.97" in shown(page)


async def test_the_checkout_of_an_empty_cart_redirects_to_the_cart(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/cart/checkout")).headers["location"] == "/cart"


async def test_a_form_that_is_sent_twice_redirects_to_the_same_order(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form, shown: Shown
) -> None:
    form = order_form | {"idempotency_key": hidden_key(await browser.get("/cart/checkout"))}
    answers = [await browser.post("/cart/checkout", data=form) for _ in range(2)]
    pages = [await browser.get(answer.headers["location"]) for answer in answers]
    (order,) = backends.orders.values()
    assert all(order.order_id in shown(page) for page in pages)


async def test_forms_without_an_idempotency_key_are_separate_orders(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form
) -> None:
    await browser.post("/cart/checkout", data=order_form)
    again = await browser.post("/cart/checkout", data=order_form | {"idempotency_key": "no key\n"})
    keys = {call.metadata["idempotency-key"] for call in backends.calls["PlaceOrder"]}
    assert len(keys) == 2
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@example"),
        ("email", "ada @example.com"),
        ("email", f"{'a' * 250}@example.com"),
        ("street_address", ""),
        ("street_address", "x" * 513),
        ("street_address", "x\x00"),
        ("city", ""),
        ("city", "x" * 129),
        ("state", "x" * 129),
        ("country", "  "),
        ("country", "x" * 129),
        ("zip_code", ""),
        ("zip_code", "1" * 17),
        ("zip_code", "10_115"),
        ("zip_code", "-1"),
        ("credit_card_number", ""),
        ("credit_card_number", "1" * 11),
        ("credit_card_number", "1" * 20),
        ("credit_card_number", "4432801561520454x"),
        ("credit_card_expiration_month", "0"),
        ("credit_card_expiration_month", "13"),
        ("credit_card_expiration_month", ""),
        ("credit_card_expiration_year", "39"),
        ("credit_card_expiration_year", "year"),
        ("credit_card_cvv", ""),
        ("credit_card_cvv", "12"),
        ("credit_card_cvv", "12345"),
    ],
)
async def test_an_invalid_field_is_reported_beside_it_and_nothing_is_ordered(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form, field: str, value: str
) -> None:
    page = await browser.post("/cart/checkout", data=order_form | {field: value})
    assert page.status_code == 422
    assert re.findall(r'id="(\w+)-problem"', page.text) == [field]
    assert not backends.called()["PlaceOrder"]


async def test_all_invalid_fields_are_reported_at_once(browser: httpx.AsyncClient, cart: dict[str, int]) -> None:
    page = await browser.post("/cart/checkout", data={})
    assert page.status_code == 422
    assert len(re.findall(r'id="\w+-problem"', page.text)) == 9


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("Credit card info is invalid", "credit_card_number"),
        ("Your credit card (ending 0454) expired on 1/2020", "credit_card_number"),
        ("address.zip_code: must not be negative", "zip_code"),
        ("address.postal_code: must not be negative", "zip_code"),
    ],
)
async def test_a_refusal_is_reported_beside_its_field_and_the_form_is_kept_without_the_card(
    browser: httpx.AsyncClient,
    backends: Shop,
    cart: dict[str, int],
    order_form: Form,
    shown: Shown,
    reason: str,
    field: str,
) -> None:
    backends.fail("PlaceOrder", grpc.StatusCode.INVALID_ARGUMENT, reason)
    page = await browser.post("/cart/checkout", data=order_form)
    assert page.status_code == 422
    assert re.findall(r'id="(\w+)-problem"', page.text) == [field]
    assert reason.rpartition(": ")[2] in shown(page)
    for name in ("email", "street_address", "zip_code", "city", "country"):
        assert f'value="{order_form[name]}"' in page.text
    assert "4432" not in page.text
    assert "672" not in page.text


async def test_typed_texts_are_escaped(browser: httpx.AsyncClient, cart: dict[str, int], order_form: Form) -> None:
    page = await browser.post("/cart/checkout", data=order_form | {"city": '"><script>', "zip_code": ""})
    assert "<script" not in page.text


async def test_an_order_of_an_empty_cart_returns_409(
    browser: httpx.AsyncClient, order_form: Form, shown: Shown
) -> None:
    page = await browser.post("/cart/checkout", data=order_form)
    assert page.status_code == 409
    assert "Nothing was ordered: the cart is empty." in shown(page)


async def test_an_order_with_an_unknown_outcome_can_be_sent_again_with_its_key(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form, shown: Shown
) -> None:
    backends.fail("PlaceOrder", grpc.StatusCode.DEADLINE_EXCEEDED)
    form = order_form | {"idempotency_key": "0123456789abcdef"}
    page = await browser.post("/cart/checkout", data=form)
    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "We could not confirm your order" in shown(page)
    assert hidden_key(page) == "0123456789abcdef"


async def test_a_form_whose_key_was_used_for_another_order_is_explained(
    browser: httpx.AsyncClient, backends: Shop, cart: dict[str, int], order_form: Form, shown: Shown
) -> None:
    backends.fail("PlaceOrder", grpc.StatusCode.FAILED_PRECONDITION, "idempotency-key: was used for another order")
    page = await browser.post("/cart/checkout", data=order_form)
    assert page.status_code == 409
    assert "This form was already sent with different content" in shown(page)


async def test_card_details_are_not_logged(
    browser: httpx.AsyncClient,
    backends: Shop,
    cart: dict[str, int],
    order_form: Form,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await browser.post("/cart/checkout", data=order_form | {"zip_code": "x"})
    backends.fail("PlaceOrder", grpc.StatusCode.INTERNAL)
    await browser.post("/cart/checkout", data=order_form)
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    assert "/cart/checkout" in logged
    assert not re.search("8015.?6152", logged)  # fewer digits may come about in a time or an id


async def test_a_confirmation_is_only_shown_to_its_own_visitor(
    browser: httpx.AsyncClient, cart: dict[str, int], order_form: Form
) -> None:
    location = (await browser.post("/cart/checkout", data=order_form)).headers["location"]
    browser.cookies.set("shop_session-id", str(uuid.uuid4()))
    assert (await browser.get(location)).status_code == 404


@pytest.mark.parametrize("receipt", ["x", "AAAA", "%ff", "é", "A" * 3000])
async def test_a_forged_receipt_returns_404(browser: httpx.AsyncClient, receipt: str) -> None:
    assert (await browser.get(f"/order/{receipt}")).status_code == 404


def test_the_receipt_of_a_huge_order_still_has_its_total() -> None:
    price = Money("EUR", 17_680_000_000)
    items: list[Any] = [
        shop_pb2.OrderItem(item=shop_pb2.CartItem(product_id=uuid.uuid4().hex, quantity=3), cost=price.to_wire())
        for _ in range(100)
    ]
    shipping = Money("EUR", 7_950_000_000)
    order = shop_pb2.OrderResult(order_id="one", items=items, shipping_cost=shipping.to_wire())
    receipt = write_receipt(order, "session")
    assert len(receipt) <= MAXIMUM_RECEIPT_LENGTH
    confirmation = read_receipt(receipt, "session")
    assert confirmation is not None
    assert confirmation.total == price * 300 + shipping
