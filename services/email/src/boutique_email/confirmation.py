"""A confirmation to a shopper, and the rules that it must meet to be sent."""

from dataclasses import dataclass
from functools import reduce
from operator import add

from boutique_contract.limits import CURRENCY_CODE, EMAIL_ADDRESS, IDENTIFIER, MAXIMUM_CART_PRODUCTS, ORDERED_QUANTITY
from boutique_runtime.errors import InvalidFieldError, check_field
from boutique_runtime.money import Money


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity of a product. The price is that of one piece."""

    product_id: str
    quantity: int
    price: Money

    @property
    def total(self) -> Money:
        """Returns the price of all pieces."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An order as the shopper sees it. Raises InvalidFieldError if it breaks a rule."""

    email: str
    order_id: str
    tracking_id: str
    shipping_cost: Money
    address: tuple[str, ...]
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        check_field("email", self.email, EMAIL_ADDRESS)
        check_field("order.order_id", self.order_id, IDENTIFIER)
        check_field("order.shipping_tracking_id", self.tracking_id, IDENTIFIER)
        check_field("order.shipping_cost.currency_code", self.shipping_cost.currency_code, CURRENCY_CODE)
        _check_amount(self.shipping_cost, "order.shipping_cost", self.shipping_cost.currency_code)
        if not 1 <= len(self.lines) <= MAXIMUM_CART_PRODUCTS:
            raise InvalidFieldError("order.items", f"must be 1 to {MAXIMUM_CART_PRODUCTS}")
        for index, line in enumerate(self.lines):
            field = f"order.items[{index}]"
            check_field(f"{field}.item.product_id", line.product_id, IDENTIFIER)
            check_field(f"{field}.item.quantity", line.quantity, ORDERED_QUANTITY)
            _check_amount(line.price, f"{field}.cost", self.shipping_cost.currency_code)

    @property
    def total(self) -> Money:
        """Returns the price of all lines, with shipping."""
        return reduce(add, (line.total for line in self.lines), self.shipping_cost)


def masked(email: str) -> str:
    """Returns an address in a form that may be logged, such as `a***@example.com`."""
    local_part, _, domain = email.rpartition("@")
    return f"{local_part[:1]}***@{domain}"


def _check_amount(amount: Money, field: str, currency_code: str) -> None:
    if amount.total_nanos < 0:
        raise InvalidFieldError(field, "must not be negative")
    if amount.currency_code != currency_code:
        raise InvalidFieldError(f"{field}.currency_code", f"must be that of order.shipping_cost, {currency_code}")
