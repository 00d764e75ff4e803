"""Exchange rates of one day, and conversion at these rates."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money

BASE_CURRENCY = "EUR"


class Rates:
    """How much of each currency one euro buys on one day."""

    def __init__(self, day: date, per_euro: Mapping[str, Decimal]) -> None:
        """Creates rates; `per_euro` need not have the euro. Raises ValueError if a rate is not positive."""
        self.day = day
        self.per_euro = {**per_euro, BASE_CURRENCY: Decimal(1)}
        for code, rate in self.per_euro.items():
            if not (rate.is_finite() and rate > 0):
                raise ValueError(f"the rate of {code} is {rate}, which is not positive")
        self.currency_codes = sorted(self.per_euro)
        self._ratios = {code: rate.as_integer_ratio() for code, rate in self.per_euro.items()}

    def check_currency_code(self, code: str, field: str) -> None:
        """Raises InvalidFieldError if the currency has no rate."""
        if code not in self._ratios:
            raise InvalidFieldError(field, f"must be one of {', '.join(self.currency_codes)}")

    def convert(self, amount: Money, to_code: str) -> Money:
        """Converts an amount via the euro. Both currencies must have rates.

        As in Online Boutique, the euros are rounded to the nearest nano, and the result is truncated to whole nanos.
        Both use the absolute amount, so a negative amount converts to minus the result of the positive one.
        """
        if amount.currency_code == to_code:
            return amount
        rate, scale = self._ratios[amount.currency_code]
        euro_nanos = (2 * abs(amount.total_nanos) * scale + rate) // (2 * rate)
        rate, scale = self._ratios[to_code]
        nanos = euro_nanos * rate // scale
        return Money(to_code, nanos if amount.total_nanos >= 0 else -nanos)
