"""What is confirmed to a shopper, and what it must be to be sent."""

import re
from dataclasses import dataclass
from functools import reduce
from operator import add

from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money

MAXIMUM_LINES = 100
MAXIMUM_QUANTITY = 1_000
MAXIMUM_EMAIL_LENGTH = 254
MAXIMUM_LOCAL_PART_LENGTH = 64
MAXIMUM_ADDRESS_PART_LENGTH = 512

# RFC 5322's dot-atom at a host name: what browsers take in a field for an address, less dots that a mail cannot have.
_ATOM = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CURRENCY_CODE = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Line:
    """Some pieces of a product at the price of one."""

    product_id: str
    quantity: int
    price: Money

    @property
    def total(self) -> Money:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An order as its shopper is told of it. Raises InvalidFieldError where it is not fit to be sent."""

    email: str
    order_id: str
    tracking_id: str
    shipping_cost: Money
    address: tuple[str, ...]
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        _check_email(self.email)
        _check_identifier(self.order_id, "order.order_id")
        _check_identifier(self.tracking_id, "order.shipping_tracking_id")
        if not _CURRENCY_CODE.fullmatch(self.shipping_cost.currency_code):
            raise InvalidFieldError("order.shipping_cost.currency_code", "must be an ISO 4217 code, such as USD")
        _check_amount(self.shipping_cost, "order.shipping_cost", self.shipping_cost.currency_code)
        for part in self.address:
            if len(part) > MAXIMUM_ADDRESS_PART_LENGTH or not part.isprintable():
                raise InvalidFieldError(
                    "order.shipping_address",
                    f"each part must be at most {MAXIMUM_ADDRESS_PART_LENGTH} characters, none of control",
                )
        if not 1 <= len(self.lines) <= MAXIMUM_LINES:
            raise InvalidFieldError("order.items", f"must be 1 to {MAXIMUM_LINES}, not {len(self.lines)}")
        for index, line in enumerate(self.lines):
            field = f"order.items[{index}]"
            _check_identifier(line.product_id, f"{field}.item.product_id")
            if not 1 <= line.quantity <= MAXIMUM_QUANTITY:
                raise InvalidFieldError(
                    f"{field}.item.quantity", f"must be 1 to {MAXIMUM_QUANTITY}, not {line.quantity}"
                )
            _check_amount(line.price, f"{field}.cost", self.shipping_cost.currency_code)

    @property
    def total(self) -> Money:
        return reduce(add, (line.total for line in self.lines), self.shipping_cost)


def masked(email: str) -> str:
    """An address as it may be logged, such as `a***@example.com`."""
    local_part, _, domain = email.rpartition("@")
    return f"{local_part[:1]}***@{domain}"


def _check_email(email: str) -> None:
    match = _EMAIL.fullmatch(email) if len(email) <= MAXIMUM_EMAIL_LENGTH else None
    if match is None or len(match[1]) > MAXIMUM_LOCAL_PART_LENGTH:
        raise InvalidFieldError("email", "must be an email address, such as ada@example.com")


def _check_identifier(identifier: str, field: str) -> None:
    if not _IDENTIFIER.fullmatch(identifier):
        raise InvalidFieldError(field, "must be 1 to 128 letters, digits, or any of . _ -")


def _check_amount(amount: Money, field: str, currency_code: str) -> None:
    if amount.total_nanos < 0:
        raise InvalidFieldError(field, "must not be negative")
    if amount.currency_code != currency_code:
        raise InvalidFieldError(f"{field}.currency_code", f"must be that of order.shipping_cost, {currency_code}")
