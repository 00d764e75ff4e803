"""Conversion is exact to a billionth of a euro, for any amount and any currencies."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boutique_currency.rates import Rates
from boutique_runtime.money import Money

amounts = st.integers(min_value=-(10**24), max_value=10**24)
rate = st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(100_000), places=4)
currencies = st.sampled_from(["EUR", "AAA", "BBB"])


@st.composite
def tables(draw: st.DrawFn) -> Rates:
    return Rates(date(2026, 1, 1), {"AAA": draw(rate), "BBB": draw(rate)})


def convert(rates: Rates, nanos: int, from_code: str, to_code: str) -> int:
    converted = rates.convert(Money(from_code, nanos), to_code)
    assert converted.currency_code == to_code
    return converted.total_nanos


def error_bound(rates: Rates, to_code: str) -> Fraction:
    """Returns nanos: half a nano of a euro at the currency's rate, and one for the truncation."""
    return Fraction(rates.per_euro[to_code]) / 2 + 1


@given(tables(), amounts, currencies, currencies)
def test_a_conversion_is_exact_to_half_a_nano_of_a_euro(rates: Rates, nanos: int, from_code: str, to_code: str) -> None:
    exact = nanos * Fraction(rates.per_euro[to_code]) / Fraction(rates.per_euro[from_code])
    assert abs(convert(rates, nanos, from_code, to_code) - exact) <= error_bound(rates, to_code)


@given(tables(), amounts, currencies, currencies)
def test_converting_back_loses_at_most_both_roundings(rates: Rates, nanos: int, from_code: str, to_code: str) -> None:
    there = convert(rates, nanos, from_code, to_code)
    back = convert(rates, there, to_code, from_code)
    lost_there = error_bound(rates, to_code) * Fraction(rates.per_euro[from_code]) / Fraction(rates.per_euro[to_code])
    assert abs(back - nanos) <= lost_there + error_bound(rates, from_code)


@given(tables(), amounts, amounts, currencies, currencies)
def test_a_sum_converts_to_the_sum_of_its_parts(
    rates: Rates, first: int, second: int, from_code: str, to_code: str
) -> None:
    parts = convert(rates, first, from_code, to_code) + convert(rates, second, from_code, to_code)
    assert abs(convert(rates, first + second, from_code, to_code) - parts) <= 3 * error_bound(rates, to_code)


@given(tables(), amounts, currencies, currencies)
def test_a_negative_amount_converts_to_minus_the_positive_one(
    rates: Rates, nanos: int, from_code: str, to_code: str
) -> None:
    assert convert(rates, -nanos, from_code, to_code) == -convert(rates, nanos, from_code, to_code)


@given(tables(), amounts, amounts, currencies, currencies)
def test_a_larger_amount_never_converts_to_less(
    rates: Rates, first: int, second: int, from_code: str, to_code: str
) -> None:
    less, more = sorted((first, second))
    assert convert(rates, less, from_code, to_code) <= convert(rates, more, from_code, to_code)


@given(tables(), amounts, currencies)
def test_a_currency_converts_to_itself_unchanged(rates: Rates, nanos: int, code: str) -> None:
    assert convert(rates, nanos, code, code) == nanos


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_is_a_positive_number(rate: str) -> None:
    with pytest.raises(ValueError, match="rate of USD"):
        Rates(date(2026, 1, 1), {"USD": Decimal(rate)})
