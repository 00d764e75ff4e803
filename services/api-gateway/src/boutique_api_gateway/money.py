"""Converts US dollars between JSON numbers and the gRPC message, exact to the cent."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from boutique_runtime.money import Money
from hipstershop import shop_pb2

CURRENCY = "USD"
_MINIMUM = Decimal("0.01")
_MAXIMUM = 1_000_000


def _checked(value: object) -> Decimal:
    # JSON numbers arrive as int or Decimal (see json_bodies), and bool is a subclass of int.
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and _MINIMUM <= value <= _MAXIMUM:
        amount = Decimal(value)
        if amount == amount.quantize(_MINIMUM):
            return amount
    raise PydanticCustomError("amount", f"must be a number from {_MINIMUM} to {_MAXIMUM} with at most two decimals")


Amount = Annotated[
    Decimal,
    PlainValidator(_checked),
    WithJsonSchema({"type": "number", "minimum": 0.01, "maximum": _MAXIMUM, "multipleOf": 0.01}),
]
"""US dollars that a client pays."""

Dollars = Annotated[float, Field(ge=0, description="US dollars, exact to the cent.")]


def to_wire(amount: Decimal) -> shop_pb2.Money:
    """Returns an amount of US dollars as the contract's message."""
    return Money.from_decimal(CURRENCY, amount).to_wire()


def dollars(amount: Money) -> float:
    """Returns the float nearest to the amount in whole cents, whose JSON has at most two decimals."""
    return float(Decimal(amount.rounded().total_nanos).scaleb(-9))
