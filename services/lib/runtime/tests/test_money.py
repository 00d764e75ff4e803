"""Money is exact, for any amount and any sign."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money, format_price
from hipstershop import shop_pb2

amounts = st.integers(min_value=-(10**24), max_value=10**24).map(lambda nanos: Money("USD", nanos))


@given(amounts)
def test_an_amount_stays_the_same_in_a_message(amount: Money) -> None:
    assert Money.from_wire(amount.to_wire()) == amount


@given(amounts)
def test_units_and_nanos_have_the_same_sign(amount: Money) -> None:
    message = amount.to_wire()
    assert message.units * message.nanos >= 0


@given(amounts, amounts)
def test_sums_equal_those_of_decimal_arithmetic(first: Money, second: Money) -> None:
    exact = Decimal(first.total_nanos).scaleb(-9) + Decimal(second.total_nanos).scaleb(-9)
    assert first + second == Money.from_decimal("USD", exact)


@given(amounts)
def test_rounding_is_symmetric_and_changes_by_at_most_half_a_coin(amount: Money) -> None:
    rounded = amount.rounded()
    assert abs(rounded.total_nanos - amount.total_nanos) * 2 <= 10_000_000
    assert rounded.total_nanos % 10_000_000 == 0
    assert Money("USD", -amount.total_nanos).rounded().total_nanos == -rounded.total_nanos


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (shop_pb2.Money(units=1), "amount.currency_code"),
        (shop_pb2.Money(currency_code="USD", nanos=1_000_000_000), "amount.nanos"),
        (shop_pb2.Money(currency_code="USD", units=1, nanos=-1), "amount.nanos"),
    ],
)
def test_an_invalid_amount_is_refused_with_the_name_of_the_field(message: shop_pb2.Money, field: str) -> None:
    with pytest.raises(InvalidFieldError) as refusal:
        Money.from_wire(message)
    assert refusal.value.field == field


def test_amounts_of_two_currencies_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="USD and EUR"):
        Money("USD", 1) + Money("EUR", 1)


@pytest.mark.parametrize(
    ("code", "amount", "shown"),
    [("USD", "19.99", "19.99 USD"), ("JPY", "2235.060592707", "2235 JPY"), ("USD", "-0.005", "-0.01 USD")],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(code: str, amount: str, shown: str) -> None:
    assert str(Money.from_decimal(code, Decimal(amount))) == shown


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
