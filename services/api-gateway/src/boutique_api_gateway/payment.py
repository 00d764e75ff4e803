"""Charging a card for something that is no cart."""

from pydantic import Field

from boutique_api_gateway import card, money
from boutique_api_gateway.card import Card
from boutique_api_gateway.messages import Done, Given, Identifier
from boutique_api_gateway.money import Amount
from boutique_api_gateway.services import ORDER_SECONDS, Neighbours
from boutique_runtime.clients import call
from boutique_runtime.idempotency import IDEMPOTENCY_KEY
from hipstershop import shop_pb2


class Payment(Given):
    amount: Amount = Field(examples=[19.99])
    card: Card
    transaction_id: Identifier = Field(
        description="The client's own: payments with the same one count once.", examples=["order-1"]
    )


async def process(services: Neighbours, payment: Payment) -> Done:
    request = shop_pb2.ChargeRequest(amount=money.to_wire(payment.amount), credit_card=card.to_wire(payment.card))
    await call(
        services.payment.Charge,
        request,
        timeout_seconds=ORDER_SECONDS,
        metadata=((IDEMPOTENCY_KEY, payment.transaction_id),),
    )
    return Done()
