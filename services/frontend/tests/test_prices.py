"""Amounts as a shopper reads them."""

from decimal import Decimal

import pytest

from boutique_frontend.prices import format_price
from boutique_shared.money import Money


@pytest.mark.parametrize(
    ("code", "amount", "text"),
    [
        ("USD", "19.99", "$19.99"),
        ("USD", "1299", "$1,299.00"),
        ("USD", "-0.5", "-$0.50"),
        ("USD", "0.125", "$0.13"),
        ("EUR", "17.682441398", "€17.68"),
        ("CAD", "12.030138876", "CA$12.03"),
        ("JPY", "2235.60592707", "¥2,236"),
        ("GBP", "15.201594869", "£15.20"),
        ("TRY", "115.184999999", "₺115.18"),
        ("CHF", "12", "CHF\N{NO-BREAK SPACE}12.00"),
    ],
)
def test_a_price_has_its_currencys_sign_and_decimals(code: str, amount: str, text: str) -> None:
    assert format_price(Money.from_decimal(code, Decimal(amount))) == text
