"""Tests the fields and methods that this shop adds to the contract, in the whole shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest

from hipstershop import shop_pb2, shop_pb2_grpc
from tests.contract.requests import ADDRESS, new_user, valid

if TYPE_CHECKING:
    from tests.contract.conftest import Shop


@pytest.fixture
def checkout(shop: Shop) -> Any:
    """A client of our checkout with our own stubs, which have the additions."""
    return shop_pb2_grpc.CheckoutServiceStub(shop.call.channels["CheckoutService"])


@pytest.fixture
def shopper(shop: Shop) -> str:
    """A shopper with two pairs of sunglasses in the cart."""
    user = new_user()
    shop.call("AddItem", valid("AddItem", user_id=user))
    return user


def test_the_quoted_and_agreed_amount_is_charged(shop: Shop, checkout: Any, shopper: str) -> None:
    quote = checkout.QuoteOrder(shop_pb2.QuoteOrderRequest(user_id=shopper, user_currency="EUR"))
    assert (quote.items_total.units, quote.items_total.nanos) == (35, 360_000_000)
    request = valid("PlaceOrder", user_id=shopper, user_currency="EUR", agreed_items_total=quote.items_total)
    order = checkout.PlaceOrder(shop_pb2.PlaceOrderRequest(**request)).order
    assert order.shipping_cost == quote.shipping_cost
    paid = f"SELECT total::numeric(9, 2), currency_code FROM orders.orders WHERE id = '{order.order_id}'"
    cents = 3536 + quote.shipping_cost.nanos // 10_000_000 + quote.shipping_cost.units * 100
    assert shop.database(paid) == f"{cents / 100:.2f}|EUR"


def test_an_agreed_amount_that_differs_from_the_cart_aborts_the_order(shop: Shop, checkout: Any, shopper: str) -> None:
    agreed = shop_pb2.Money(currency_code="USD", units=1)
    request = shop_pb2.PlaceOrderRequest(**valid("PlaceOrder", user_id=shopper, agreed_items_total=agreed))
    with pytest.raises(grpc.RpcError) as refusal:
        checkout.PlaceOrder(request)
    assert refusal.value.code() is grpc.StatusCode.ABORTED
    assert refusal.value.details() == "items_total: the cart comes to 39.98 USD, not 1.00 USD"
    assert shop.database(f"SELECT count(*) FROM orders.orders WHERE user_id = '{shopper}'") == "0"
    assert len(shop.call("GetCart", {"user_id": shopper}).items) == 1


def test_an_order_may_have_a_postal_code_with_letters_and_no_email(shop: Shop, checkout: Any, shopper: str) -> None:
    address = ADDRESS | {"zip_code": 0, "postal_code": "SW1A 1AA"}
    request = shop_pb2.PlaceOrderRequest(**valid("PlaceOrder", user_id=shopper, email="", address=address))
    order = checkout.PlaceOrder(request).order
    assert order.shipping_address.postal_code == "SW1A 1AA"
    stored = f"SELECT status, email, postal_code FROM orders.orders WHERE id = '{order.order_id}'"
    assert shop.database(stored) == "placed||SW1A 1AA"


def test_every_product_has_a_rating(shop: Shop) -> None:
    catalog: Any = shop_pb2_grpc.ProductCatalogServiceStub(shop.call.channels["ProductCatalogService"])
    products = catalog.ListProducts(shop_pb2.Empty()).products
    assert products
    assert all(1 <= product.rating <= 5 and product.reviews > 0 for product in products)
