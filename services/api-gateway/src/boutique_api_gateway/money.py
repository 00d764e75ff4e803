"""Amounts of US dollars between JSON numbers and the wire, exact to the cent."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from boutique_runtime.money import Money
from hipstershop import shop_pb2

CURRENCY = "USD"
_MINIMUM = Decimal("0.01")
_MAXIMUM = 1_000_000


def _checked(given: object) -> Decimal:
    # A JSON number arrives as int or Decimal (see json_bodies), and True is an int to Python.
    if isinstance(given, int | Decimal) and not isinstance(given, bool) and _MINIMUM <= given <= _MAXIMUM:
        amount = Decimal(given)
        if amount == amount.quantize(_MINIMUM):
            return amount
    raise PydanticCustomError("amount", f"must be a number from {_MINIMUM} to {_MAXIMUM} with at most two decimals")


Amount = Annotated[
    Decimal,
    PlainValidator(_checked),
    WithJsonSchema({"type": "number", "minimum": 0.01, "maximum": _MAXIMUM, "multipleOf": 0.01}),
]
"""US dollars that a client is to pay."""

Dollars = Annotated[float, Field(ge=0, description="US dollars, exact to the cent.")]


def to_wire(amount: Decimal) -> shop_pb2.Money:
    return Money.from_decimal(CURRENCY, amount).to_wire()


def dollars(amount: Money) -> float:
    """As a JSON number: the one nearest to the amount in whole cents, which is written with these cents alone."""
    return float(Decimal(amount.rounded().total_nanos).scaleb(-9))
