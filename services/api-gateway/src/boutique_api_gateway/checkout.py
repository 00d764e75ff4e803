"""Endpoints that quote and place orders."""

from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, Field

from boutique_api_gateway import address, card, money
from boutique_api_gateway.address import Address
from boutique_api_gateway.card import Card
from boutique_api_gateway.messages import Acknowledgement, RequestModel
from boutique_api_gateway.money import CURRENCY, Amount, Dollars, dollars
from boutique_api_gateway.services import ORDER_TIMEOUT, READ_TIMEOUT, InjectedServices
from boutique_api_gateway.session import Session, SessionCookie, session_of
from boutique_contract.pydantic_types import EmailAddressOrEmpty, Identifier
from boutique_runtime.clients import call
from boutique_runtime.idempotency import IDEMPOTENCY_KEY
from boutique_runtime.money import Money
from hipstershop import shop_pb2

IdempotencyKey = Annotated[
    Identifier | None,
    Header(alias="Idempotency-Key", description="Orders with the same key are placed once and get the same response."),
]


class Shipping(RequestModel):
    """The destination of an order."""

    address: Address


class Billing(RequestModel):
    """The payment of an order."""

    address: Address
    card: Card


class Order(Session):
    """An order of everything in the session's cart."""

    amount: Amount = Field(description="Total of the items, without shipping.", examples=[19.99])
    email: EmailAddressOrEmpty = Field(
        default="", description="Receives the confirmation; empty for none.", examples=["ada@example.com"]
    )
    shipping: Shipping
    billing: Billing


class QuoteRequest(Session):
    """A request for a quote. Without a destination, shipping is quoted for none in particular."""

    shipping: Shipping | None = None


class Total(BaseModel):
    """Amounts in US dollars."""

    items_total: Dollars
    shipping_cost: Dollars
    total: Dollars


class Quote(Acknowledgement):
    """The total that an order of the cart would cost."""

    data: Total


class OrderItem(BaseModel):
    """A product in an order."""

    id: str
    quantity: int = Field(ge=1)
    price: Dollars = Field(description="Unit price.")


class Receipt(Total, Acknowledgement):
    """A placed order, with its amounts in US dollars."""

    order_id: str
    tracking_id: str
    items: list[OrderItem]


async def process(
    services: InjectedServices, order: Order, cookie: SessionCookie = None, idempotency_key: IdempotencyKey = None
) -> Receipt:
    """Charges the card and ships the cart, if the items still cost the given amount."""
    request = shop_pb2.PlaceOrderRequest(
        user_id=session_of(order, cookie),
        user_currency=CURRENCY,
        address=address.to_wire(order.shipping.address),
        email=order.email,
        credit_card=card.to_wire(order.billing.card),
        agreed_items_total=money.to_wire(order.amount),
    )
    response = await call(
        services.checkout.PlaceOrder,
        request,
        timeout_seconds=ORDER_TIMEOUT,
        metadata=((IDEMPOTENCY_KEY, idempotency_key),) if idempotency_key else (),
    )
    return receipt(response.order)


async def quote(services: InjectedServices, body: QuoteRequest | None = None, cookie: SessionCookie = None) -> Quote:
    """Returns what an order of the session's cart would cost now."""
    request = shop_pb2.QuoteOrderRequest(
        user_id=session_of(body, cookie),
        user_currency=CURRENCY,
        address=address.to_wire(body.shipping.address) if body and body.shipping else None,
    )
    response = await call(services.checkout.QuoteOrder, request, timeout_seconds=READ_TIMEOUT)
    items_total, shipping_cost = Money.from_wire(response.items_total), Money.from_wire(response.shipping_cost)
    return Quote(
        data=Total(
            items_total=dollars(items_total),
            shipping_cost=dollars(shipping_cost),
            total=dollars(items_total + shipping_cost),
        )
    )


def receipt(order: shop_pb2.OrderResult) -> Receipt:
    """Returns the receipt of an order, with totals computed from its items."""
    shipping_cost = Money.from_wire(order.shipping_cost)
    prices = [Money.from_wire(item.cost) for item in order.items]
    items_total = Money(CURRENCY, 0)
    for item, price in zip(order.items, prices, strict=True):
        items_total += price * item.item.quantity
    return Receipt(
        order_id=order.order_id,
        tracking_id=order.shipping_tracking_id,
        items=[
            OrderItem(id=item.item.product_id, quantity=item.item.quantity, price=dollars(price))
            for item, price in zip(order.items, prices, strict=True)
        ],
        items_total=dollars(items_total),
        shipping_cost=dollars(shipping_cost),
        total=dollars(items_total + shipping_cost),
    )
