"""PaymentService."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import grpc
import pytest

from boutique_payment.__main__ import open_service
from boutique_payment.settings import PaymentSettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    Payment = shop_pb2_grpc.PaymentServiceAsyncStub

NUMBER = "4432-8015-6152-0454"
TWENTY_DOLLARS = shop_pb2.Money(currency_code="USD", units=19, nanos=990_000_000)


def charge(
    *, amount: shop_pb2.Money = TWENTY_DOLLARS, number: str = NUMBER, cvv: int = 672, year: int = 2030, month: int = 1
) -> shop_pb2.ChargeRequest:
    card = shop_pb2.CreditCardInfo(
        credit_card_number=number,
        credit_card_cvv=cvv,
        credit_card_expiration_year=year,
        credit_card_expiration_month=month,
    )
    return shop_pb2.ChargeRequest(amount=amount, credit_card=card)


async def refusal_of(call: Awaitable[object]) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await call
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(refusal.value.details())


async def test_a_charge_returns_a_new_uuid(payment: Payment) -> None:
    first, second = await payment.Charge(charge()), await payment.Charge(charge())
    assert uuid.UUID(first.transaction_id) != uuid.UUID(second.transaction_id)


async def test_the_same_idempotency_key_returns_the_same_transaction(payment: Payment) -> None:
    first, second, other = [
        (await payment.Charge(charge(), metadata=(("idempotency-key", key),))).transaction_id
        for key in ("order-1", "order-1", "order-2")
    ]
    assert first == second != other
    assert uuid.UUID(first)


@pytest.mark.parametrize("key", ["", "x" * 129])
async def test_an_idempotency_key_out_of_range_is_refused(payment: Payment, key: str) -> None:
    refusal = await refusal_of(payment.Charge(charge(), metadata=(("idempotency-key", key),)))
    assert refusal.startswith("idempotency-key: ")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (charge(number="4432801561520455"), "Credit card info is invalid"),
        (
            charge(number="378282246310005"),
            "Sorry, we cannot process American Express credit cards. Only VISA or MasterCard is accepted.",
        ),
        (charge(year=2026, month=10), "Your credit card (ending 0454) expired on 10/2026"),
        (shop_pb2.ChargeRequest(amount=TWENTY_DOLLARS), "Credit card info is invalid"),
    ],
)
async def test_a_card_is_refused_with_the_message_of_the_contract(
    payment: Payment, request_: shop_pb2.ChargeRequest, words: str
) -> None:
    assert await refusal_of(payment.Charge(request_)) == words


async def test_a_card_that_expires_this_month_is_charged(payment: Payment) -> None:
    assert (await payment.Charge(charge(year=2026, month=11))).transaction_id


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (shop_pb2.ChargeRequest(), "amount.currency_code"),
        (charge(amount=shop_pb2.Money(currency_code="dollars", units=1)), "amount.currency_code"),
        (charge(amount=shop_pb2.Money(currency_code="USD")), "amount"),
        (charge(amount=shop_pb2.Money(currency_code="USD", units=-1)), "amount"),
        (charge(amount=shop_pb2.Money(currency_code="USD", units=1, nanos=-1)), "amount.nanos"),
        (charge(cvv=10_000), "credit_card.credit_card_cvv"),
        (charge(month=13), "credit_card.credit_card_expiration_month"),
        (charge(year=30), "credit_card.credit_card_expiration_year"),
    ],
)
async def test_a_field_out_of_range_is_refused_by_name(
    payment: Payment, request_: shop_pb2.ChargeRequest, field: str
) -> None:
    assert (await refusal_of(payment.Charge(request_))).startswith(f"{field}: ")


async def test_a_refund_can_be_repeated(payment: Payment) -> None:
    transaction_id = (await payment.Charge(charge())).transaction_id
    for _ in range(2):
        assert await payment.Refund(shop_pb2.RefundRequest(transaction_id=transaction_id)) == shop_pb2.Empty()


@pytest.mark.parametrize("transaction_id", ["", "order-1", "{c4ebdf9e-3c0c-4b36-9e0b-0d3d1f1e5a57}", NUMBER])
async def test_only_the_id_of_a_charge_can_be_refunded(payment: Payment, transaction_id: str) -> None:
    refusal = await refusal_of(payment.Refund(shop_pb2.RefundRequest(transaction_id=transaction_id)))
    assert refusal.startswith("transaction_id: ")


async def test_no_log_contains_a_cards_number_or_cvv(payment: Payment, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await payment.Charge(charge(cvv=9731))
    for refused in (
        charge(cvv=97_310),
        charge(month=13),
        charge(year=2020),
        charge(number=NUMBER.replace("0454", "0455")),
        charge(amount=shop_pb2.Money(currency_code=NUMBER, units=1)),
    ):
        await refusal_of(payment.Charge(refused))
    await refusal_of(payment.Refund(shop_pb2.RefundRequest(transaction_id=NUMBER)))

    # Only what the service wrote: times, and the ids of threads and charges, can have any digits.
    given = vars(logging.makeLogRecord({})).keys()
    logged = " ".join(
        f"{record.getMessage()} { {name: value for name, value in vars(record).items() if name not in given} }"
        for record in caplog.records
        if record.name.startswith("boutique")
    )
    logged = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", logged)
    assert "charged (simulated)" in logged
    assert "refused" in logged
    for secret in ("8015", "9731"):
        assert secret not in logged


async def test_nothing_is_charged_after_the_callers_deadline(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_service(PaymentSettings(processing_seconds=60)) as service:
        payment = shop_pb2_grpc.PaymentServiceStub(await serve(service))
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await payment.Charge(charge(year=9999), timeout=0.2)
    assert refusal.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "charged" not in caplog.text
