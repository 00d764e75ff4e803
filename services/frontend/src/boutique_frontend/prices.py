"""Amounts as a shopper reads them."""

from decimal import Decimal

from boutique_shared.money import MINOR_UNIT_DIGITS, Money

_SYMBOLS = {"USD": "$", "EUR": "€", "CAD": "CA$", "JPY": "¥", "GBP": "£", "TRY": "₺"}


def format_price(amount: Money) -> str:
    """Such as `$1,299.00`, `¥2,236` or, where the currency has no symbol of its own here, `CHF 12.00`."""
    digits = MINOR_UNIT_DIGITS.get(amount.currency_code, 2)
    value = Decimal(amount.rounded().total_nanos).scaleb(-9)
    symbol = _SYMBOLS.get(amount.currency_code, f"{amount.currency_code}\N{NO-BREAK SPACE}")
    return f"{'-' if value < 0 else ''}{symbol}{abs(value):,.{digits}f}"
