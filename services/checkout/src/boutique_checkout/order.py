"""An order: its lines and costs, its status, and the rules for requests."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from boutique_contract.addresses import address_problem
from boutique_contract.limits import CURRENCY_CODE, EMAIL_ADDRESS, IDENTIFIER
from boutique_runtime.errors import AbortedError, FailedPreconditionError, InvalidFieldError, check_field
from boutique_runtime.money import Money
from hipstershop import shop_pb2


class Status(StrEnum):
    """The state of an order. It is stored before each step whose outcome a crash could hide."""

    PENDING = "pending"
    """Priced and stored. Charging again with the order's id tells whether its card was charged."""
    CHARGED = "charged"
    PLACED = "placed"
    """Charged and shipped: complete."""
    REFUNDING = "refunding"
    """Could not be shipped; its charge must be refunded."""
    REFUNDED = "refunded"


PREDECESSORS = {
    # Each is also its own predecessor: a step whose response was lost is repeated.
    Status.CHARGED: (Status.PENDING, Status.CHARGED, Status.REFUNDING),
    Status.PLACED: (Status.CHARGED, Status.PLACED),
    Status.REFUNDING: (Status.PENDING, Status.CHARGED, Status.REFUNDING),
    Status.REFUNDED: (Status.REFUNDING, Status.REFUNDED),
}
"""For each status, those from which an order may change to it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A product of an order."""

    product_id: str
    quantity: int
    price: Money
    """The price of one piece, in the order's currency, rounded to its smallest coin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The prices of a cart, in the shopper's currency."""

    lines: tuple[Line, ...]
    shipping_cost: Money

    @property
    def items_total(self) -> Money:
        """Returns the price of all items, without shipping."""
        return sum((line.price * line.quantity for line in self.lines), Money(self.shipping_cost.currency_code, 0))

    @property
    def total(self) -> Money:
        """Returns the amount to charge: the sum of the amounts that are shown."""
        return self.items_total + self.shipping_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Quote):
    """An order as it is stored."""

    id: uuid.UUID
    """Also the idempotency key for payment and shipping."""
    idempotency_key: str | None
    """The caller's key; None once the order is refunded, so that the caller can try again with the key."""
    fingerprint: bytes
    """The fingerprint of its request."""
    user_id: str
    email: str
    """Empty if the shopper wants no confirmation."""
    address: shop_pb2.Address
    status: Status = Status.PENDING
    transaction_id: str = ""
    """The id of the charge; empty until it is known."""
    tracking_id: str = ""
    """The id of the shipment; empty until it is known."""

    def to_wire(self) -> shop_pb2.OrderResult:
        """Returns the message of the contract."""
        return shop_pb2.OrderResult(
            order_id=str(self.id),
            shipping_tracking_id=self.tracking_id,
            shipping_cost=self.shipping_cost.to_wire(),
            shipping_address=self.address,
            items=[
                shop_pb2.OrderItem(
                    item=shop_pb2.CartItem(product_id=line.product_id, quantity=line.quantity),
                    cost=line.price.to_wire(),
                )
                for line in self.lines
            ],
        )


def quote_items(items: Sequence[shop_pb2.CartItem], prices: Sequence[Money], shipping_cost: Money) -> Quote:
    """Returns the quote for a cart, with amounts in the shopper's currency.

    Each price is rounded to the currency's smallest coin before it is multiplied, so that the lines that the shopper
    sees add up to the charge. A total of exact conversions would sometimes differ from them by a coin.

    Args:
        items: The cart.
        prices: The exact price of one piece, for each item.
        shipping_cost: The exact cost of shipping.
    """
    return Quote(
        lines=tuple(
            Line(item.product_id, item.quantity, price.rounded()) for item, price in zip(items, prices, strict=True)
        ),
        shipping_cost=shipping_cost.rounded(),
    )


def draft_order(
    request: shop_pb2.PlaceOrderRequest,
    idempotency_key: str,
    items: Sequence[shop_pb2.CartItem],
    prices: Sequence[Money],
    shipping_cost: Money,
) -> Order:
    """Returns an order to be charged, at the prices of `quote_items`.

    Raises AbortedError if the shopper agreed to another total.
    """
    quote = quote_items(items, prices, shipping_cost)
    _check_agreement(request, quote)
    return Order(
        id=uuid.uuid4(),
        idempotency_key=idempotency_key,
        fingerprint=fingerprint(request),
        user_id=request.user_id,
        email=request.email,
        address=request.address,
        lines=quote.lines,
        shipping_cost=quote.shipping_cost,
    )


def _check_agreement(request: shop_pb2.PlaceOrderRequest, quote: Quote) -> None:
    if request.HasField("agreed_items_total"):
        agreed = Money.from_wire(request.agreed_items_total)
        if agreed != quote.items_total:
            raise AbortedError(f"items_total: the cart comes to {quote.items_total}, not {agreed}")


def fingerprint(request: shop_pb2.PlaceOrderRequest) -> bytes:
    """Returns the SHA-256 of the request without the card, of which not even a digest may be stored."""
    cardless = shop_pb2.PlaceOrderRequest()
    cardless.CopyFrom(request)
    cardless.ClearField("credit_card")
    return hashlib.sha256(cardless.SerializeToString(deterministic=True)).digest()


def check_request(request: shop_pb2.PlaceOrderRequest) -> None:
    """Raises InvalidFieldError if a field breaks a rule. The payment service checks the card."""
    _check_shopper(request.user_id, request.user_currency)
    _check_address(request.address, complete=True)
    if request.email:
        check_field("email", request.email, EMAIL_ADDRESS)
    if not request.credit_card.credit_card_number:
        raise InvalidFieldError("credit_card.credit_card_number", "must be given")
    if request.HasField("agreed_items_total"):
        _check_agreed_total(request.agreed_items_total)


def check_quote_request(request: shop_pb2.QuoteOrderRequest) -> None:
    """Raises InvalidFieldError if a field breaks a rule. The address may be incomplete."""
    _check_shopper(request.user_id, request.user_currency)
    _check_address(request.address, complete=False)


def _check_shopper(user_id: str, currency_code: str) -> None:
    check_field("user_id", user_id, IDENTIFIER)
    check_field("user_currency", currency_code, CURRENCY_CODE)


def _check_address(address: shop_pb2.Address, *, complete: bool) -> None:
    if problem := address_problem(address, complete=complete):
        raise InvalidFieldError(*problem)


def _check_agreed_total(amount: shop_pb2.Money) -> None:
    check_field("agreed_items_total.currency_code", amount.currency_code, CURRENCY_CODE)
    agreed = Money.from_wire(amount, "agreed_items_total")
    if agreed != agreed.rounded():
        raise InvalidFieldError("agreed_items_total.nanos", f"must be whole coins of {agreed.currency_code}")


def check_items(items: Sequence[shop_pb2.CartItem]) -> None:
    """Raises FailedPreconditionError if the cart is empty or has a quantity below 1."""
    if not items:
        raise FailedPreconditionError("the cart is empty")
    for item in items:
        if item.quantity < 1:
            raise FailedPreconditionError(f"the cart has {item.quantity} of product {item.product_id}")
