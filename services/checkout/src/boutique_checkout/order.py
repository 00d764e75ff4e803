"""An order: what is bought and what it costs, where it goes, how far it has come, and what may be asked of one."""

import hashlib
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from boutique_runtime.errors import AbortedError, FailedPreconditionError, InvalidFieldError
from boutique_runtime.money import Money
from hipstershop import shop_pb2

_USER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CURRENCY_CODE = re.compile(r"[A-Z]{3}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_MAXIMUM_EMAIL_LENGTH = 254
# Not every country has states or postal codes.
_NEEDED_TO_SHIP = ("street_address", "city", "country")
_MAXIMUM_LENGTHS = {"street_address": 512, "city": 128, "state": 128, "country": 128, "postal_code": 32}


class Status(StrEnum):
    """How far an order has come. The store keeps it before each step whose outcome a crash could hide."""

    PENDING = "pending"
    """Priced and recorded; whether its card was charged is told by charging again under the order's id."""
    CHARGED = "charged"
    PLACED = "placed"
    """Charged and shipped: the end of the way."""
    REFUNDING = "refunding"
    """Could not be shipped, and its charge is to be given back."""
    REFUNDED = "refunded"


PREDECESSORS = {
    # Each is its own predecessor too: a step whose answer was lost is taken again.
    Status.CHARGED: (Status.PENDING, Status.CHARGED, Status.REFUNDING),
    Status.PLACED: (Status.CHARGED, Status.PLACED),
    Status.REFUNDING: (Status.PENDING, Status.CHARGED, Status.REFUNDING),
    Status.REFUNDED: (Status.REFUNDING, Status.REFUNDED),
}
"""From which status an order may come to another."""


@dataclass(frozen=True, slots=True)
class Line:
    """A product of an order."""

    product_id: str
    quantity: int
    price: Money
    """Of one piece, in the order's currency, rounded to its coin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a cart comes to, in the shopper's currency."""

    lines: tuple[Line, ...]
    shipping_cost: Money

    @property
    def items_total(self) -> Money:
        return sum((line.price * line.quantity for line in self.lines), Money(self.shipping_cost.currency_code, 0))

    @property
    def total(self) -> Money:
        """What is charged: the sum of what is shown."""
        return self.items_total + self.shipping_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Quote):
    id: uuid.UUID
    """Also the idempotency key under which payment and shipping know the order."""
    idempotency_key: str | None
    """The caller's; None once refunded, so that the caller may try again with it."""
    fingerprint: bytes
    """Of the request that it was made for."""
    user_id: str
    email: str
    """Empty where the shopper wants no confirmation."""
    address: shop_pb2.Address
    status: Status = Status.PENDING
    transaction_id: str = ""
    """Of the charge; empty until it is known."""
    tracking_id: str = ""
    """Of the shipment; empty until it is known."""

    def to_wire(self) -> shop_pb2.OrderResult:
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
    """From amounts in the shopper's currency: a price for each item.

    Each price is rounded to the currency's coin before it is multiplied, so that the lines that the shopper sees add
    up to what is charged; a total of exact conversions would differ from them by a coin here and there.
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
    """An order that is yet to be charged, at what `quote_items` says. Raises AbortedError where that is not agreed."""
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
    """SHA-256 of the request without the card, of which not even a digest may be kept."""
    cardless = shop_pb2.PlaceOrderRequest()
    cardless.CopyFrom(request)
    cardless.ClearField("credit_card")
    return hashlib.sha256(cardless.SerializeToString(deterministic=True)).digest()


def check_request(request: shop_pb2.PlaceOrderRequest) -> None:
    """Raises InvalidFieldError. Whether the card is valid is for payment to say."""
    _check_shopper(request.user_id, request.user_currency)
    _check_address(request.address, needed=_NEEDED_TO_SHIP)
    if request.email:
        _check_email(request.email)
    if not request.credit_card.credit_card_number:
        raise InvalidFieldError("credit_card.credit_card_number", "must be given")
    if request.HasField("agreed_items_total"):
        _check_agreed_total(request.agreed_items_total)


def check_quote_request(request: shop_pb2.QuoteOrderRequest) -> None:
    """Raises InvalidFieldError. A quote may be asked for before the whole address is known."""
    _check_shopper(request.user_id, request.user_currency)
    _check_address(request.address, needed=())


def _check_shopper(user_id: str, currency_code: str) -> None:
    if not _USER_ID.fullmatch(user_id):
        raise InvalidFieldError("user_id", "must be 1 to 128 letters, digits, or any of . _ : -")
    _check_currency_code("user_currency", currency_code)


def _check_currency_code(field: str, currency_code: str) -> None:
    if not _CURRENCY_CODE.fullmatch(currency_code):
        raise InvalidFieldError(field, "must be an ISO 4217 code, such as USD")


def _check_address(address: shop_pb2.Address, needed: Collection[str]) -> None:
    for part, maximum in _MAXIMUM_LENGTHS.items():
        _check_text(f"address.{part}", getattr(address, part), 1 if part in needed else 0, maximum)
    if address.zip_code < 0:
        raise InvalidFieldError("address.zip_code", "must not be negative")


def _check_email(email: str) -> None:
    if len(email) > _MAXIMUM_EMAIL_LENGTH or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidFieldError("email", "must be an address such as ada@example.com")


def _check_agreed_total(amount: shop_pb2.Money) -> None:
    _check_currency_code("agreed_items_total.currency_code", amount.currency_code)
    agreed = Money.from_wire(amount, "agreed_items_total")
    if agreed != agreed.rounded():
        raise InvalidFieldError("agreed_items_total.nanos", f"must be whole coins of {agreed.currency_code}")


def _check_text(field: str, text: str, minimum: int, maximum: int) -> None:
    if not minimum <= len(text.strip()) or len(text) > maximum or not text.isprintable():
        raise InvalidFieldError(field, f"must be {minimum} to {maximum} characters, none of them a control character")


def check_items(items: Sequence[shop_pb2.CartItem]) -> None:
    """Raises FailedPreconditionError where the cart holds nothing that can be bought."""
    if not items:
        raise FailedPreconditionError("the cart is empty")
    for item in items:
        if item.quantity < 1:
            raise FailedPreconditionError(f"the cart holds {item.quantity} of product {item.product_id}")
