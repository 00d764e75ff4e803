"""Tests that a field out of range is refused with an error that names it."""

from typing import Any

import grpc
import pytest

from tests.contract.conftest import Shop
from tests.contract.requests import new_user, valid, with_field

OUT_OF_RANGE: list[tuple[str, str, Any]] = [
    ("AddItem", "user_id", ""),
    ("AddItem", "user_id", "a b"),
    ("AddItem", "user_id", "x" * 129),
    ("AddItem", "item.product_id", ""),
    ("AddItem", "item.product_id", "a\nb"),
    ("AddItem", "item.quantity", 0),
    ("AddItem", "item.quantity", -1),
    ("AddItem", "item.quantity", 11),
    ("AddItem", "item.quantity", 2**31 - 1),
    ("GetCart", "user_id", ""),
    ("EmptyCart", "user_id", ""),
    ("ListRecommendations", "user_id", "x" * 129),
    ("ListRecommendations", "product_ids", ["OLJCESPC7Z"] * 201),
    ("ListRecommendations", "product_ids", ["x" * 129]),
    ("GetProduct", "id", "x" * 129),
    ("SearchProducts", "query", "x" * 257),
    ("SearchProducts", "query", "a\0b"),
    ("GetQuote", "address.city", "x" * 129),
    ("GetQuote", "address.zip_code", -1),
    ("GetQuote", "items[0].quantity", 0),
    ("GetQuote", "items[0].product_id", ""),
    ("ShipOrder", "address.street_address", ""),
    ("ShipOrder", "address.street_address", "x" * 513),
    ("ShipOrder", "address.city", " "),
    ("ShipOrder", "address.state", "x" * 129),
    ("ShipOrder", "address.country", ""),
    ("ShipOrder", "address.zip_code", -1),
    ("ShipOrder", "items[0].quantity", -1),
    ("ShipOrder", "items[0].product_id", "a b"),
    ("Convert", "to_code", ""),
    ("Convert", "to_code", "XXX"),
    ("Convert", "to_code", "eur"),
    ("Convert", "from.currency_code", ""),
    ("Convert", "from.currency_code", "XXX"),
    ("Convert", "from.nanos", 1_000_000_000),
    ("Convert", "from.nanos", -1),
    ("Charge", "amount.currency_code", ""),
    ("Charge", "amount.currency_code", "dollar"),
    ("Charge", "amount.nanos", -1),
    ("Charge", "amount", {"currency_code": "USD", "units": 0}),
    ("Charge", "amount", {"currency_code": "USD", "units": -1}),
    ("Charge", "credit_card.credit_card_cvv", -1),
    ("Charge", "credit_card.credit_card_cvv", 10_000),
    ("Charge", "credit_card.credit_card_expiration_month", 0),
    ("Charge", "credit_card.credit_card_expiration_month", 13),
    ("Charge", "credit_card.credit_card_expiration_year", 39),
    ("SendOrderConfirmation", "email", ""),
    ("SendOrderConfirmation", "email", "ada@example.com\r\nBcc: all@example.com"),
    ("SendOrderConfirmation", "order.order_id", ""),
    ("SendOrderConfirmation", "order.shipping_tracking_id", "<b>"),
    ("SendOrderConfirmation", "order.shipping_cost.currency_code", ""),
    ("SendOrderConfirmation", "order.shipping_cost.nanos", 1_000_000_000),
    ("SendOrderConfirmation", "order.shipping_cost", {"currency_code": "USD", "units": -1}),
    ("SendOrderConfirmation", "order.shipping_address", {"city": "x" * 2000}),
    ("SendOrderConfirmation", "order.items", []),
    ("SendOrderConfirmation", "order.items[0].item.quantity", 0),
    ("SendOrderConfirmation", "order.items[0].item.product_id", ""),
    ("SendOrderConfirmation", "order.items[0].cost.currency_code", "EUR"),
    ("PlaceOrder", "user_id", ""),
    ("PlaceOrder", "user_currency", ""),
    ("PlaceOrder", "user_currency", "usd"),
    ("PlaceOrder", "user_currency", "XXX"),
    ("PlaceOrder", "address.street_address", ""),
    ("PlaceOrder", "address.street_address", "x" * 513),
    ("PlaceOrder", "address.city", ""),
    ("PlaceOrder", "address.city", "a\nb"),
    ("PlaceOrder", "address.state", "x" * 129),
    ("PlaceOrder", "address.country", ""),
    ("PlaceOrder", "address.zip_code", -1),
    ("PlaceOrder", "email", "ada"),
    ("PlaceOrder", "credit_card.credit_card_number", ""),
    ("PlaceOrder", "credit_card.credit_card_cvv", -1),
    ("PlaceOrder", "credit_card.credit_card_expiration_month", 13),
    ("PlaceOrder", "credit_card.credit_card_expiration_year", 39),
    ("GetAds", "context_keys", ["kitchen"] * 51),
    ("GetAds", "context_keys", ["x" * 65]),
]


@pytest.mark.parametrize(("method", "field", "value"), OUT_OF_RANGE)
def test_an_error_names_the_field_that_is_out_of_range(method: str, field: str, value: Any, shop: Shop) -> None:
    fields = with_field(method, field, value)
    if method == "PlaceOrder" and field != "user_id":
        fields["user_id"] = _shopper_with_a_cart(shop)
    code, message = shop.call.refusal(method, fields)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith((f"{field}: ", f"{field}."))
    if method == "PlaceOrder" and field != "user_id":
        assert len(shop.call("GetCart", {"user_id": fields["user_id"]}).items) == 1
        assert shop.database(f"SELECT count(*) FROM orders.orders WHERE user_id = '{fields['user_id']}'") == "0"


def test_a_refused_item_does_not_change_the_cart(shop: Shop) -> None:
    user = _shopper_with_a_cart(shop)
    before = shop.call("GetCart", {"user_id": user})
    shop.call.refusal("AddItem", with_field("AddItem", "item.quantity", 11) | {"user_id": user})
    assert shop.call("GetCart", {"user_id": user}) == before


def _shopper_with_a_cart(shop: Shop) -> str:
    user = new_user()
    shop.call("AddItem", valid("AddItem", user_id=user))
    return user
