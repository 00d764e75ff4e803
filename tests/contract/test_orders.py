"""Tests PlaceOrder from end to end: stores, payment, shipping, e-mail."""

import re
import uuid
from typing import Any

import grpc
import pytest

from dev.waiting import wait_until
from tests.contract.conftest import WAIT_SECONDS, Shop
from tests.contract.requests import CARD, new_user, valid, with_field


@pytest.fixture
def shopper(shop: Shop) -> str:
    """A shopper with two pairs of sunglasses and a mug in the cart."""
    user = new_user()
    for product_id, quantity in (("OLJCESPC7Z", 2), ("6E92ZMYYFZ", 1)):
        shop.call("AddItem", {"user_id": user, "item": {"product_id": product_id, "quantity": quantity}})
    return user


def order_rows(shop: Shop, user: str) -> list[str]:
    return shop.database(f"SELECT id FROM orders.orders WHERE user_id = '{user}'").splitlines()


def amount(money: Any) -> tuple[str, int, int]:
    return (money.currency_code, money.units, money.nanos)


def test_an_order_contains_items_prices_and_the_address(shop: Shop, shopper: str) -> None:
    request = valid("PlaceOrder", user_id=shopper)
    order = shop.call("PlaceOrder", request).order
    assert str(uuid.UUID(order.order_id)) == order.order_id
    assert re.fullmatch(r"[A-Z]{2}-[0-9]+-[0-9]+", order.shipping_tracking_id)
    assert amount(order.shipping_cost) == ("USD", 8, 990_000_000)
    assert {(entry.item.product_id, entry.item.quantity, amount(entry.cost)) for entry in order.items} == {
        ("OLJCESPC7Z", 2, ("USD", 19, 990_000_000)),
        ("6E92ZMYYFZ", 1, ("USD", 8, 990_000_000)),
    }
    assert {name: getattr(order.shipping_address, name) for name in request["address"]} == request["address"]


def test_an_order_is_stored_with_its_items_and_empties_the_cart(shop: Shop, shopper: str) -> None:
    order = shop.call("PlaceOrder", valid("PlaceOrder", user_id=shopper)).order
    stored = "SELECT status, email, currency_code, total::numeric(9, 2), tracking_id FROM orders.orders WHERE id = "
    total = 2 * 1999 + 899 + 899
    assert shop.database(f"{stored}'{order.order_id}'").split("|") == [
        "placed",
        "ada@example.com",
        "USD",
        f"{total / 100}",
        order.shipping_tracking_id,
    ]
    items = f"SELECT product_id, quantity FROM orders.items WHERE order_id = '{order.order_id}' ORDER BY quantity"
    assert shop.database(items).splitlines() == ["6E92ZMYYFZ|1", "OLJCESPC7Z|2"]
    assert not shop.call("GetCart", {"user_id": shopper}).items


def test_an_order_is_in_the_currency_of_the_shopper_rounded_to_its_smallest_unit(shop: Shop, shopper: str) -> None:
    order = shop.call("PlaceOrder", valid("PlaceOrder", user_id=shopper, user_currency="JPY")).order
    costs = {entry.item.product_id: amount(entry.cost) for entry in order.items}
    assert costs["OLJCESPC7Z"] == ("JPY", 2235, 0)
    assert order.shipping_cost.currency_code == "JPY"


def test_an_order_is_confirmed_by_an_email_with_its_id(shop: Shop, shopper: str) -> None:
    order = shop.call("PlaceOrder", valid("PlaceOrder", user_id=shopper)).order
    log = shop.logs / "email.log"
    wait_until(lambda: order.order_id in log.read_text(), WAIT_SECONDS, "The e-mail was not sent")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"credit_card_number": "4432801561520455"}, "Credit card info is invalid"),
        (
            {"credit_card_number": "378282246310005"},
            "Sorry, we cannot process American Express credit cards. Only VISA or MasterCard is accepted.",
        ),
        ({"credit_card_expiration_year": 2021}, "Your credit card (ending 0454) expired on 1/2021"),
    ],
)
def test_a_refused_card_returns_the_reason_and_places_no_order(
    shop: Shop, shopper: str, changes: dict[str, Any], message: str
) -> None:
    request = valid("PlaceOrder", user_id=shopper, credit_card=CARD | changes)
    assert shop.call.refusal("PlaceOrder", request) == (grpc.StatusCode.INVALID_ARGUMENT, message)
    assert order_rows(shop, shopper) == []
    assert len(shop.call("GetCart", {"user_id": shopper}).items) == 2


def test_an_empty_cart_places_no_order(shop: Shop) -> None:
    user = new_user()
    code, message = shop.call.refusal("PlaceOrder", valid("PlaceOrder", user_id=user))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "cart is empty" in message
    assert order_rows(shop, user) == []


def test_an_unknown_product_places_no_order(shop: Shop, shopper: str) -> None:
    shop.call("AddItem", {"user_id": shopper, "item": {"product_id": "NOSUCHTHING", "quantity": 1}})
    code, message = shop.call.refusal("PlaceOrder", valid("PlaceOrder", user_id=shopper))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "NOSUCHTHING" in message
    assert order_rows(shop, shopper) == []


def test_the_same_idempotency_key_places_one_order_and_returns_it_again(shop: Shop, shopper: str) -> None:
    request = valid("PlaceOrder", user_id=shopper)
    key = (("idempotency-key", str(uuid.uuid4())),)
    first = shop.call("PlaceOrder", request, key)
    assert shop.call("PlaceOrder", request, key) == first
    assert order_rows(shop, shopper) == [first.order.order_id]


def test_no_card_number_is_in_a_log_or_a_store(shop: Shop, shopper: str) -> None:
    shop.call("PlaceOrder", valid("PlaceOrder", user_id=shopper))
    shop.call.refusal("PlaceOrder", with_field("PlaceOrder", "credit_card.credit_card_expiration_year", 2021))
    logs = [log.read_text() for log in shop.logs.iterdir()]
    assert any("order placed" in log for log in logs)
    texts = [*logs, shop.database("SELECT orders FROM orders.orders")]
    number = CARD["credit_card_number"]
    for text in texts:
        assert str(number) not in text
        assert str(number).replace("-", "") not in text
