"""Quotes, orders and payments."""

from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest

from boutique_testing.fake_services import FakeServices, refusing

Change = Callable[[dict[str, Any]], object]

PROCESS = "/api/v1/checkout/process"
PAYMENT = "/api/v1/payment/process"


@pytest.fixture
def payment(card: dict[str, Any]) -> dict[str, Any]:
    return {"amount": 19.99, "card": card, "transaction_id": "t-1"}


async def test_an_order_returns_a_complete_receipt(
    client: httpx.AsyncClient, cart: dict[str, int], order: dict[str, Any]
) -> None:
    response = await client.post(PROCESS, json=order)
    assert response.status_code == 200
    receipt = response.json()
    assert len(receipt.pop("order_id")) == 36
    assert receipt == {
        "message": "success",
        "tracking_id": "AB-1234-5678",
        "items_total": 17.98,
        "shipping_cost": 8.99,
        "total": 26.97,
        "items": [{"id": "6E92ZMYYFZ", "quantity": 2, "price": 8.99}],
    }
    emptied = await client.post("/api/v1/cart")
    assert emptied.json()["data"] == {}


async def test_all_fields_of_an_order_reach_the_checkout_service(
    client: httpx.AsyncClient, backends: FakeServices, cart: dict[str, int], order: dict[str, Any]
) -> None:
    await client.post(PROCESS, json=order, headers={"Idempotency-Key": "k-1"})
    (call,) = backends.calls["PlaceOrder"]
    assert call.metadata["idempotency-key"] == "k-1"
    request = call.request
    assert (request.user_id, request.user_currency, request.email) == ("s-1", "USD", "ada@example.com")
    assert (request.agreed_items_total.units, request.agreed_items_total.nanos) == (17, 980_000_000)
    address = request.address
    assert (address.street_address, address.city, address.country) == (
        "12 Analytical Row, Flat 3",
        "London",
        "United Kingdom",
    )
    assert (address.postal_code, address.zip_code) == ("SW1A 1AA", 0)
    card = request.credit_card
    assert (card.credit_card_number, card.credit_card_cvv) == ("4432-8015-6152-0454", 672)
    assert (card.credit_card_expiration_month, card.credit_card_expiration_year) == (1, 2039)


@pytest.mark.parametrize(("code", "number"), [("94043", 94043), ("01069", 1069), ("", 0), ("9999999999", 0)])
async def test_a_numeric_postal_code_is_also_sent_as_a_number(
    client: httpx.AsyncClient,
    backends: FakeServices,
    cart: dict[str, int],
    order: dict[str, Any],
    code: str,
    number: int,
) -> None:
    order["shipping"]["address"]["postal_code"] = code
    await client.post(PROCESS, json=order)
    (call,) = backends.calls["PlaceOrder"]
    assert (call.request.address.postal_code, call.request.address.zip_code) == (code, number)


async def test_an_order_needs_no_email_address_and_no_idempotency_key(
    client: httpx.AsyncClient, backends: FakeServices, cart: dict[str, int], order: dict[str, Any]
) -> None:
    del order["email"]
    assert (await client.post(PROCESS, json=order)).status_code == 200
    (call,) = backends.calls["PlaceOrder"]
    assert call.request.email == ""
    assert "idempotency-key" not in call.metadata


async def test_an_amount_that_differs_from_the_carts_is_refused_with_the_right_one(
    client: httpx.AsyncClient, cart: dict[str, int], order: dict[str, Any]
) -> None:
    order["amount"] = 0.01
    response = await client.post(PROCESS, json=order)
    assert response.status_code == 409
    assert response.json() == {
        "message": "failure",
        "reason": "items_total: the cart comes to 17.98 USD, not 0.01 USD",
    }
    assert cart == {"6E92ZMYYFZ": 2}


async def test_an_empty_cart_cannot_be_ordered(client: httpx.AsyncClient, order: dict[str, Any]) -> None:
    response = await client.post(PROCESS, json={**order, "session_id": "s-new"})
    assert (response.status_code, response.json()["reason"]) == (409, "the cart is empty")


def _without(*path: str) -> Change:
    def change(body: dict[str, Any]) -> None:
        *parents, last = path
        for key in parents:
            body = body[key]
        del body[last]

    return change


def _with(value: object, *path: str) -> Change:
    def change(body: dict[str, Any]) -> None:
        *parents, last = path
        for key in parents:
            body = body[key]
        body[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_without("amount"), "amount"),
        (_with("17.98", "amount"), "amount"),
        (_with(True, "amount"), "amount"),
        (_with(None, "amount"), "amount"),
        (_with(0, "amount"), "amount"),
        (_with(-17.98, "amount"), "amount"),
        (_with(17.985, "amount"), "amount"),
        (_with(1e300, "amount"), "amount"),
        (_without("shipping"), "shipping"),
        (_without("shipping", "address"), "shipping.address"),
        (_without("shipping", "address", "street_1"), "shipping.address.street_1"),
        (_with("   ", "shipping", "address", "street_1"), "shipping.address.street_1"),
        (_with("a\nb", "shipping", "address", "city"), "shipping.address.city"),
        (_with(7, "shipping", "address", "country"), "shipping.address.country"),
        (_with(94043, "shipping", "address", "postal_code"), "shipping.address.postal_code"),
        (_without("billing"), "billing"),
        (_without("billing", "address"), "billing.address"),
        (_without("billing", "card"), "billing.card"),
        (_with("1/39", "billing", "card", "expiration"), "billing.card.expiration"),
        (_with("13/39", "billing", "card", "expiration"), "billing.card.expiration"),
        (_with(672, "billing", "card", "security_code"), "billing.card.security_code"),
        (_with("12", "billing", "card", "security_code"), "billing.card.security_code"),
        (_with("ada", "email"), "email"),
        (_with("ada\x12@example.com", "email"), "email"),
        (_with("a b", "session_id"), "session_id"),
    ],
)
async def test_a_missing_or_invalid_field_is_named(
    client: httpx.AsyncClient,
    backends: FakeServices,
    cart: dict[str, int],
    order: dict[str, Any],
    change: Change,
    field: str,
) -> None:
    change(order)
    response = await client.post(PROCESS, json=order)
    assert response.status_code == 400
    assert response.json()["reason"].startswith(f"{field}: ")
    assert not backends.called()


@pytest.mark.parametrize("number", [None, "", "none", "4432", 4432801561520454, "4" * 30, "4432 8015 6152 045x"])
async def test_an_impossible_card_number_is_refused_with_the_contracts_message(
    client: httpx.AsyncClient, backends: FakeServices, payment: dict[str, Any], number: object
) -> None:
    payment["card"]["number"] = number
    response = await client.post(PAYMENT, json=payment)
    assert response.status_code == 400
    assert response.json() == {"message": "failure", "reason": "Invalid card number"}
    del payment["card"]["number"]
    assert (await client.post(PAYMENT, json=payment)).json()["reason"] == "Invalid card number"
    assert not backends.called()


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        ("Credit card info is invalid", "Invalid card number"),
        ("Your credit card (ending 0454) expired on 1/2020", "Your credit card (ending 0454) expired on 1/2020"),
        (
            "Sorry, we cannot process JCB credit cards. Only VISA or MasterCard is accepted.",
            "Sorry, we cannot process JCB credit cards. Only VISA or MasterCard is accepted.",
        ),
    ],
)
async def test_a_refused_card_returns_400_with_the_reason(
    client: httpx.AsyncClient,
    backends: FakeServices,
    cart: dict[str, int],
    order: dict[str, Any],
    payment: dict[str, Any],
    refused: str,
    reason: str,
) -> None:
    for method in ("PlaceOrder", "Charge"):
        backends.answers[method] = refusing(grpc.StatusCode.INVALID_ARGUMENT, refused)
    for path, body in ((PROCESS, order), (PAYMENT, payment)):
        response = await client.post(path, json=body)
        assert (response.status_code, response.json()["reason"]) == (400, reason)
    assert cart == {"6E92ZMYYFZ": 2}


@pytest.mark.parametrize("key", ["a b", "x" * 129, "é"])
async def test_an_invalid_idempotency_key_is_refused(
    client: httpx.AsyncClient, backends: FakeServices, cart: dict[str, int], order: dict[str, Any], key: str
) -> None:
    response = await client.post(PROCESS, json=order, headers={b"idempotency-key": key.encode()})
    assert (response.status_code, response.json()["reason"].partition(":")[0]) == (400, "Idempotency-Key")
    assert not backends.called()


async def test_card_details_appear_in_no_response_and_no_log(
    client: httpx.AsyncClient,
    backends: FakeServices,
    payment: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    backends.answers["Charge"] = refusing(grpc.StatusCode.INTERNAL)
    responses = [await client.post(PAYMENT, json=payment)]
    payment["card"]["expiration"] = payment["card"]["security_code"] = payment["card"]["number"]
    responses.append(await client.post(PAYMENT, json=payment))
    assert [response.status_code for response in responses] == [500, 400]
    seen = "".join(response.text for response in responses) + "".join(str(record.__dict__) for record in caplog.records)
    assert "6152" not in seen


async def test_a_quote_has_items_shipping_and_total(
    client: httpx.AsyncClient, backends: FakeServices, cart: dict[str, int], address: dict[str, Any]
) -> None:
    for body in ({}, {"shipping": {"address": address}}):
        response = await client.post("/api/v1/checkout/quote", json=body)
        assert response.json() == {
            "message": "success",
            "data": {"items_total": 17.98, "shipping_cost": 8.99, "total": 26.97},
        }
    without, with_address = backends.calls["QuoteOrder"]
    assert not without.request.HasField("address")
    assert with_address.request.address.postal_code == "SW1A 1AA"


async def test_an_empty_cart_cannot_be_quoted(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/checkout/quote", json={"session_id": "s-new"})
    assert (response.status_code, response.json()["reason"]) == (409, "the cart is empty")


async def test_the_transaction_id_of_a_payment_is_its_idempotency_key(
    client: httpx.AsyncClient, backends: FakeServices, payment: dict[str, Any]
) -> None:
    response = await client.post(PAYMENT, json=payment)
    assert (response.status_code, response.json()) == (200, {"message": "success"})
    (call,) = backends.calls["Charge"]
    assert call.metadata["idempotency-key"] == "t-1"
    assert (call.request.amount.currency_code, call.request.amount.units) == ("USD", 19)
    assert call.request.amount.nanos == 990_000_000


@pytest.mark.parametrize("change", [_without("transaction_id"), _with("", "transaction_id"), _without("card")])
async def test_an_incomplete_payment_is_refused(
    client: httpx.AsyncClient, backends: FakeServices, payment: dict[str, Any], change: Change
) -> None:
    change(payment)
    assert (await client.post(PAYMENT, json=payment)).status_code == 400
    assert not backends.called()
