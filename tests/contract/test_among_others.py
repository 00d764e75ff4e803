"""Tests our checkout and our storefront with an independent implementation of the other services."""

import uuid
from collections.abc import Iterator

import grpc
import httpx
import pytest

from dev.waiting import wait_until
from tests.contract.conftest import WAIT_SECONDS
from tests.contract.contract import Client
from tests.contract.foreign import DECLINED_CARD, ForeignShop
from tests.contract.requests import CARD, ORDER_FORM, new_user, valid


@pytest.fixture
def visitor(storefront_among_others: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{storefront_among_others}", timeout=20, trust_env=False) as client:
        yield client


def test_our_checkout_places_an_order(checkout_among_others: Client, foreign: ForeignShop) -> None:
    user = new_user()
    foreign.carts[user] = {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1}
    response = checkout_among_others("PlaceOrder", valid("PlaceOrder", user_id=user, user_currency="EUR"))
    assert response.order.shipping_tracking_id == "QX-4711-815"
    costs = {entry.item.product_id: (entry.cost.units, entry.cost.nanos) for entry in response.order.items}
    assert costs == {"OLJCESPC7Z": (17, 690_000_000), "6E92ZMYYFZ": (7, 960_000_000)}
    charged = foreign.charges[-1].amount
    assert (charged.currency_code, charged.units, charged.nanos) == ("EUR", 51, 300_000_000)
    assert len(foreign.shipments[-1].items) == 2
    assert user not in foreign.carts
    wait_until(
        lambda: response.order.order_id in [confirmation.order.order_id for confirmation in foreign.confirmations],
        WAIT_SECONDS,
        "The confirmation was not sent",
    )


def test_our_checkout_reports_a_refused_card_with_the_correct_status(
    checkout_among_others: Client, foreign: ForeignShop
) -> None:
    user = new_user()
    foreign.carts[user] = {"OLJCESPC7Z": 1}
    card = CARD | {"credit_card_number": DECLINED_CARD}
    refusal = checkout_among_others.refusal("PlaceOrder", valid("PlaceOrder", user_id=user, credit_card=card))
    assert refusal == (grpc.StatusCode.INVALID_ARGUMENT, "Credit card info is invalid")
    assert foreign.carts[user] == {"OLJCESPC7Z": 1}


def test_our_checkout_refuses_a_product_that_the_catalog_lacks(
    checkout_among_others: Client, foreign: ForeignShop
) -> None:
    user = new_user()
    foreign.carts[user] = {"NOSUCHTHING": 1}
    code, message = checkout_among_others.refusal("PlaceOrder", valid("PlaceOrder", user_id=user))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "NOSUCHTHING" in message


def test_a_visitor_of_our_storefront_can_buy_something(visitor: httpx.Client, foreign: ForeignShop) -> None:
    visitor.post("/setCurrency", data={"currency_code": "EUR"})
    assert "€17.69" in visitor.get("/").text
    assert "Sunglasses" in visitor.get("/product/OLJCESPC7Z").text
    assert visitor.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "2"}).status_code == 302
    assert "Sunglasses" in visitor.get("/cart").text
    response = visitor.post("/cart/checkout", data=ORDER_FORM, follow_redirects=True)
    assert response.status_code == 200
    assert "QX-4711-815" in response.text
    assert foreign.orders[-1].user_id == visitor.cookies["shop_session-id"]
    assert foreign.orders[-1].user_currency == "EUR"


def test_our_storefront_shows_a_refused_card_that_the_checkout_reports_as_an_internal_error(
    visitor: httpx.Client,
) -> None:
    visitor.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "2"})
    response = visitor.post("/cart/checkout", data=ORDER_FORM | {"credit_card_number": DECLINED_CARD})
    assert response.status_code == 422
    assert 'id="credit_card_number-problem">Credit card info is invalid<' in response.text


def test_our_storefront_changes_a_quantity_although_the_cart_has_no_method_for_it(
    visitor: httpx.Client, foreign: ForeignShop
) -> None:
    user = str(uuid.uuid4())
    foreign.carts[user] = {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1}
    visitor.cookies.set("shop_session-id", user)
    assert visitor.post("/cart/quantity", data={"product_id": "OLJCESPC7Z", "quantity": "5"}).status_code == 302
    assert foreign.carts[user] == {"OLJCESPC7Z": 5, "6E92ZMYYFZ": 1}


def test_our_storefront_searches_the_catalog_of_the_others(visitor: httpx.Client) -> None:
    assert "/product/6E92ZMYYFZ" in visitor.get("/search", params={"q": "MUG"}).text
    assert visitor.get("/product/NOSUCHTHING").status_code == 404
