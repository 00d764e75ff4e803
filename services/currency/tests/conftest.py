"""The currency service, with the rates that the contract's known answers imply."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from boutique_currency.rates import Rates
from boutique_currency.service import CurrencyServicer
from boutique_runtime.serving import GrpcService
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc


@pytest.fixture
def rates() -> Rates:
    per_euro = {"USD": "1.1305", "JPY": "126.40", "GBP": "0.85970", "CAD": "1.5128"}
    return Rates(date(2019, 3, 11), {code: Decimal(rate) for code, rate in per_euro.items()})


@pytest.fixture
async def currency(rates: Rates, serve: Serve) -> shop_pb2_grpc.CurrencyServiceAsyncStub:
    service = GrpcService(
        descriptor=shop_pb2.DESCRIPTOR.services_by_name["CurrencyService"],
        add_to_server=shop_pb2_grpc.add_CurrencyServiceServicer_to_server,
        servicer=CurrencyServicer(lambda: rates),
    )
    return shop_pb2_grpc.CurrencyServiceStub(await serve(service))
