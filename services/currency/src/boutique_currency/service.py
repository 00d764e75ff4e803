"""The contract's CurrencyService."""

from collections.abc import Callable
from typing import Any

import grpc

from boutique_currency.rates import Rates
from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

MAXIMUM_AMOUNTS = 500


class CurrencyServicer(shop_pb2_grpc.CurrencyServiceServicer):
    """Converts at the current rates."""

    def __init__(self, current_rates: Callable[[], Rates]) -> None:
        self._current_rates = current_rates

    async def GetSupportedCurrencies(
        self, request: shop_pb2.Empty, context: Context
    ) -> shop_pb2.GetSupportedCurrenciesResponse:
        rates = self._current_rates()
        return shop_pb2.GetSupportedCurrenciesResponse(
            currency_codes=rates.currency_codes, rates_date=rates.day.isoformat()
        )

    async def Convert(self, request: shop_pb2.CurrencyConversionRequest, context: Context) -> shop_pb2.Money:
        rates = self._current_rates()
        rates.check_currency_code(request.to_code, "to_code")
        return _convert(rates, getattr(request, "from"), request.to_code, "from")

    async def ConvertMany(self, request: shop_pb2.ConvertManyRequest, context: Context) -> shop_pb2.ConvertManyResponse:
        rates = self._current_rates()
        amounts = getattr(request, "from")
        if len(amounts) > MAXIMUM_AMOUNTS:
            raise InvalidFieldError("from", f"must have at most {MAXIMUM_AMOUNTS} amounts")
        rates.check_currency_code(request.to_code, "to_code")
        converted = [_convert(rates, amount, request.to_code, f"from[{index}]") for index, amount in enumerate(amounts)]
        return shop_pb2.ConvertManyResponse(amounts=converted, rates_date=rates.day.isoformat())


def _convert(rates: Rates, message: shop_pb2.Money, to_code: str, field: str) -> shop_pb2.Money:
    amount = Money.from_wire(message, field)
    rates.check_currency_code(amount.currency_code, f"{field}.currency_code")
    try:
        return rates.convert(amount, to_code).to_wire()
    except OverflowError as error:
        raise InvalidFieldError(f"{field}.units", f"must be less, to fit 64 bits as {to_code}") from error
