"""Our checkout and our storefront, each alone among services that somebody else wrote."""

import uuid
from collections.abc import Iterator

import grpc
import httpx
import pytest

from tests.contract.contract import Client
from tests.contract.foreign import ILL_FATED_CARD, ForeignShop
from tests.contract.requests import CARD, ORDER_FORM, new_user, valid
from tests.contract.waiting import wait_until


@pytest.fixture
def visitor(storefront_among_others: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{storefront_among_others}", timeout=20, trust_env=False) as client:
        yield client


def test_our_checkout_places_an_order(checkout_among_others: Client, foreign: ForeignShop) -> None:
    user = new_user()
    foreign.carts[user] = {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1}
    answer = checkout_among_others("PlaceOrder", valid("PlaceOrder", user_id=user, user_currency="EUR"))
    assert answer.order.shipping_tracking_id == "QX-4711-815"
    costs = {entry.item.product_id: (entry.cost.units, entry.cost.nanos) for entry in answer.order.items}
    assert costs == {"OLJCESPC7Z": (17, 690_000_000), "6E92ZMYYFZ": (7, 960_000_000)}
    charged = foreign.charges[-1].amount
    assert (charged.currency_code, charged.units, charged.nanos) == ("EUR", 51, 300_000_000)
    assert len(foreign.shipments[-1].items) == 2
    assert user not in foreign.carts
    wait_until(
        lambda: answer.order.order_id in [confirmation.order.order_id for confirmation in foreign.confirmations],
        "the confirmation",
    )


def test_our_checkout_passes_a_refusal_on_with_the_status_that_it_should_have_had(
    checkout_among_others: Client, foreign: ForeignShop
) -> None:
    user = new_user()
    foreign.carts[user] = {"OLJCESPC7Z": 1}
    card = CARD | {"credit_card_number": ILL_FATED_CARD}
    refusal = checkout_among_others.refusal("PlaceOrder", valid("PlaceOrder", user_id=user, credit_card=card))
    assert refusal == (grpc.StatusCode.INVALID_ARGUMENT, "Credit card info is invalid")
    assert foreign.carts[user] == {"OLJCESPC7Z": 1}


def test_our_checkout_refuses_what_the_others_do_not_sell(checkout_among_others: Client, foreign: ForeignShop) -> None:
    user = new_user()
    foreign.carts[user] = {"NOSUCHTHING": 1}
    code, words = checkout_among_others.refusal("PlaceOrder", valid("PlaceOrder", user_id=user))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "NOSUCHTHING" in words


def test_our_storefront_sells_something(visitor: httpx.Client, foreign: ForeignShop) -> None:
    visitor.post("/setCurrency", data={"currency_code": "EUR"})
    assert "€17.69" in visitor.get("/").text
    assert "Sunglasses" in visitor.get("/product/OLJCESPC7Z").text
    assert visitor.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "2"}).status_code == 302
    assert "Sunglasses" in visitor.get("/cart").text
    answer = visitor.post("/cart/checkout", data=ORDER_FORM, follow_redirects=True)
    assert answer.status_code == 200
    assert "QX-4711-815" in answer.text
    assert foreign.orders[-1].user_id == visitor.cookies["shop_session-id"]
    assert foreign.orders[-1].user_currency == "EUR"


def test_our_storefront_shows_a_refusal_that_another_checkout_hides(visitor: httpx.Client) -> None:
    visitor.post("/cart", data={"product_id": "OLJCESPC7Z", "quantity": "2"})
    answer = visitor.post("/cart/checkout", data=ORDER_FORM | {"credit_card_number": ILL_FATED_CARD})
    assert answer.status_code == 422
    assert 'id="credit_card_number-problem">Credit card info is invalid<' in answer.text


def test_our_storefront_changes_a_quantity_without_a_method_for_it(visitor: httpx.Client, foreign: ForeignShop) -> None:
    user = str(uuid.uuid4())
    foreign.carts[user] = {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1}
    visitor.cookies.set("shop_session-id", user)
    assert visitor.post("/cart/quantity", data={"product_id": "OLJCESPC7Z", "quantity": "5"}).status_code == 302
    assert foreign.carts[user] == {"OLJCESPC7Z": 5, "6E92ZMYYFZ": 1}


def test_our_storefront_finds_what_the_others_sell(visitor: httpx.Client) -> None:
    assert "/product/6E92ZMYYFZ" in visitor.get("/search", params={"q": "MUG"}).text
    assert visitor.get("/product/NOSUCHTHING").status_code == 404
