"""Endpoint that charges a card without an order."""

from pydantic import Field

from boutique_api_gateway import card, money
from boutique_api_gateway.card import Card
from boutique_api_gateway.messages import Acknowledgement, RequestModel
from boutique_api_gateway.money import Amount
from boutique_api_gateway.services import ORDER_TIMEOUT, InjectedServices
from boutique_contract.pydantic_types import Identifier
from boutique_runtime.clients import call
from boutique_runtime.idempotency import IDEMPOTENCY_KEY
from hipstershop import shop_pb2


class Payment(RequestModel):
    """A charge without an order."""

    amount: Amount = Field(examples=[19.99])
    card: Card
    transaction_id: Identifier = Field(
        description="Chosen by the client. Payments with the same id are charged once.", examples=["order-1"]
    )


async def process(services: InjectedServices, payment: Payment) -> Acknowledgement:
    """Charges the card, once for each transaction id."""
    request = shop_pb2.ChargeRequest(amount=money.to_wire(payment.amount), credit_card=card.to_wire(payment.card))
    await call(
        services.payment.Charge,
        request,
        timeout_seconds=ORDER_TIMEOUT,
        metadata=((IDEMPOTENCY_KEY, payment.transaction_id),),
    )
    return Acknowledgement()
