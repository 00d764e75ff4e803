"""Amounts of money, exact to a billionth: the domain type for the contract's `Money`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from boutique_runtime.errors import InvalidFieldError
from hipstershop import shop_pb2

NANOS_PER_UNIT = 1_000_000_000
_MAX_UNITS = 2**63 - 1
_SYMBOLS = {"USD": "$", "EUR": "€", "CAD": "CA$", "JPY": "¥", "GBP": "£", "TRY": "₺"}

MINOR_UNIT_DIGITS = {"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "TND": 3}
"""The decimals of a currency's smallest coin, if they are not two. Source: ISO 4217."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency, in nanos (billionths of the currency's unit), so that no sum is ever rounded."""

    currency_code: str
    total_nanos: int

    @classmethod
    def from_wire(cls, message: shop_pb2.Money, field: str = "amount") -> Self:
        """Returns the amount of a message.

        Raises InvalidFieldError if units and nanos have different signs, nanos overflow, or there is no currency.
        """
        if not message.currency_code:
            raise InvalidFieldError(f"{field}.currency_code", "must be an ISO 4217 code, such as USD")
        if abs(message.nanos) >= NANOS_PER_UNIT:
            raise InvalidFieldError(f"{field}.nanos", "must be -999999999 to 999999999")
        if message.units * message.nanos < 0:
            raise InvalidFieldError(f"{field}.nanos", "must have the sign of units")
        return cls(message.currency_code, message.units * NANOS_PER_UNIT + message.nanos)

    @classmethod
    def from_decimal(cls, currency_code: str, amount: Decimal) -> Self:
        """Returns the amount. Raises ValueError if it has more than nine decimals."""
        scaled = amount.scaleb(9)
        if scaled != (nanos := int(scaled)):
            raise ValueError(f"{amount} has more than nine decimals")
        return cls(currency_code, nanos)

    def to_wire(self) -> shop_pb2.Money:
        """Returns the message of the contract. Raises OverflowError if the units do not fit into 64 bits."""
        sign = -1 if self.total_nanos < 0 else 1
        units, nanos = divmod(abs(self.total_nanos), NANOS_PER_UNIT)
        if units > _MAX_UNITS:
            raise OverflowError("the amount does not fit into the message")
        return shop_pb2.Money(currency_code=self.currency_code, units=sign * units, nanos=sign * nanos)

    def __add__(self, other: "Money") -> "Money":
        if other.currency_code != self.currency_code:
            raise ValueError(f"{self.currency_code} and {other.currency_code} cannot be added")
        return Money(self.currency_code, self.total_nanos + other.total_nanos)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.currency_code, self.total_nanos * factor)

    def rounded(self) -> "Money":
        """Returns the amount rounded to the currency's smallest coin, halves away from zero: the price to charge."""
        coin = 10 ** (9 - MINOR_UNIT_DIGITS.get(self.currency_code, 2))
        coins = (abs(self.total_nanos) * 2 + coin) // (2 * coin)
        return Money(self.currency_code, (coins if self.total_nanos >= 0 else -coins) * coin)

    def __str__(self) -> str:
        """Returns text such as `19.99 USD` or `2236 JPY`: rounded, with the currency's number of decimals."""
        digits = MINOR_UNIT_DIGITS.get(self.currency_code, 2)
        return f"{Decimal(self.rounded().total_nanos).scaleb(-9):.{digits}f} {self.currency_code}"


def format_price(amount: Money) -> str:
    """Returns a price for shoppers: `$1,299.00`, `¥2,236` or, for a currency without a symbol here, `CHF 12.00`."""
    digits = MINOR_UNIT_DIGITS.get(amount.currency_code, 2)
    value = Decimal(amount.rounded().total_nanos).scaleb(-9)
    symbol = _SYMBOLS.get(amount.currency_code, f"{amount.currency_code}\N{NO-BREAK SPACE}")
    return f"{'-' if value < 0 else ''}{symbol}{abs(value):,.{digits}f}"
