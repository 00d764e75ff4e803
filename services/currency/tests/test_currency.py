"""CurrencyService."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc
import pytest

from boutique_currency.service import MAXIMUM_AMOUNTS
from hipstershop import shop_pb2

if TYPE_CHECKING:
    from hipstershop import shop_pb2_grpc

    Currency = shop_pb2_grpc.CurrencyServiceAsyncStub

LARGEST = 2**63 - 1


def money(code: str, units: int, nanos: int = 0) -> shop_pb2.Money:
    return shop_pb2.Money(currency_code=code, units=units, nanos=nanos)


def conversion(amount: shop_pb2.Money, to_code: str) -> shop_pb2.CurrencyConversionRequest:
    request = shop_pb2.CurrencyConversionRequest(to_code=to_code)
    getattr(request, "from").CopyFrom(amount)
    return request


def conversions(amounts: Sequence[shop_pb2.Money], to_code: str) -> shop_pb2.ConvertManyRequest:
    request = shop_pb2.ConvertManyRequest(to_code=to_code)
    getattr(request, "from").extend(amounts)
    return request


KNOWN_ANSWERS = [
    (money("USD", 19, 990_000_000), money("EUR", 17, 682_441_398)),
    (money("USD", 19, 990_000_000), money("JPY", 2235, 60_592_707)),
    (money("USD", 19, 990_000_000), money("GBP", 15, 201_594_869)),
    (money("USD", 8, 990_000_000), money("CAD", 12, 30_138_876)),
    (money("USD", -19, -990_000_000), money("GBP", -15, -201_594_869)),
    (money("USD", 0, -10_000_000), money("EUR", 0, -8_845_644)),
    (money("USD", 0), money("JPY", 0)),
    (money("USD", 19, 999_999_999), money("USD", 19, 999_999_999)),
    (money("USD", LARGEST, 999_999_999), money("USD", LARGEST, 999_999_999)),
]


@pytest.mark.parametrize(("amount", "expected"), KNOWN_ANSWERS)
async def test_the_contracts_known_answers_are_returned(
    currency: Currency, amount: shop_pb2.Money, expected: shop_pb2.Money
) -> None:
    assert await currency.Convert(conversion(amount, expected.currency_code)) == expected


async def test_many_amounts_convert_in_order_as_each_one_does_by_itself(currency: Currency) -> None:
    amounts = [money("USD", 19, 990_000_000), money("JPY", 7), money("EUR", -3), money("GBP", 0, 1)]
    response = await currency.ConvertMany(conversions(amounts, "GBP"))
    assert list(response.amounts) == [await currency.Convert(conversion(amount, "GBP")) for amount in amounts]
    assert response.rates_date == "2019-03-11"


async def test_no_amounts_convert_to_no_amounts(currency: Currency) -> None:
    assert not (await currency.ConvertMany(conversions([], "EUR"))).amounts


async def test_the_currencies_are_listed_in_alphabetical_order_with_the_day_of_the_rates(currency: Currency) -> None:
    response = await currency.GetSupportedCurrencies(shop_pb2.Empty())
    assert list(response.currency_codes) == ["CAD", "EUR", "GBP", "JPY", "USD"]
    assert response.rates_date == "2019-03-11"


BAD_AMOUNTS = [
    (money("", 1), "currency_code"),
    (money("XXX", 1), "currency_code"),
    (money("usd", 1), "currency_code"),
    (money("x" * 10_000, 1), "currency_code"),
    (money("USD", 1, 1_000_000_000), "nanos"),
    (money("USD", 1, -1), "nanos"),
    (money("USD", -1, 1), "nanos"),
    (money("USD", LARGEST), "units"),
    (money("USD", -LARGEST - 1), "units"),
]


def refused_field(refusal: pytest.ExceptionInfo[grpc.aio.AioRpcError]) -> str:
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(refusal.value.details()).partition(": ")[0]


@pytest.mark.parametrize(("amount", "field"), BAD_AMOUNTS)
async def test_an_amount_out_of_range_is_refused_with_the_name_of_the_field(
    currency: Currency, amount: shop_pb2.Money, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await currency.Convert(conversion(amount, "JPY"))
    assert refused_field(refusal) == f"from.{field}"
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await currency.ConvertMany(conversions([money("USD", 1), amount], "JPY"))
    assert refused_field(refusal) == f"from[1].{field}"


@pytest.mark.parametrize("code", ["", "XXX", "usd", "x" * 10_000])
async def test_an_unknown_currency_is_refused_with_a_list_of_the_known_ones(currency: Currency, code: str) -> None:
    for call in (
        currency.Convert(conversion(money("USD", 1), code)),
        currency.ConvertMany(conversions([], code)),
    ):
        with pytest.raises(grpc.aio.AioRpcError, match="CAD, EUR, GBP, JPY, USD") as refusal:
            await call
        assert refused_field(refusal) == "to_code"


async def test_an_unknown_currency_does_not_convert_to_itself(currency: Currency) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await currency.Convert(conversion(money("XXX", 1), "XXX"))
    assert refused_field(refusal) == "to_code"


async def test_a_call_has_a_limit_for_the_number_of_amounts(currency: Currency) -> None:
    amounts = [money("USD", 1)] * MAXIMUM_AMOUNTS
    assert len((await currency.ConvertMany(conversions(amounts, "EUR"))).amounts) == MAXIMUM_AMOUNTS
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await currency.ConvertMany(conversions([*amounts, money("USD", 1)], "EUR"))
    assert refused_field(refusal) == "from"
