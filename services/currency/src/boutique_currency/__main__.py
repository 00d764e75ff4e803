"""The currency service's process: `python3 -m boutique_currency`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from boutique_currency.ecb import packaged_rates
from boutique_currency.latest import latest_rates
from boutique_currency.rates import Rates
from boutique_currency.service import CurrencyServicer
from boutique_currency.settings import CurrencySettings
from boutique_runtime import serving
from hipstershop import shop_pb2, shop_pb2_grpc


@contextlib.asynccontextmanager
async def open_service(settings: CurrencySettings, released: Rates | None = None) -> AsyncIterator[serving.GrpcService]:
    """Opens the currency service. It starts with the released rates; None for those in the package."""
    released = released or packaged_rates()
    async with contextlib.AsyncExitStack() as stack:
        latest = None
        if settings.rates_url:
            latest = latest_rates(str(settings.rates_url), released)
            stack.callback(asyncio.create_task(latest.keep_fresh()).cancel)

        def current_rates() -> Rates:
            return (latest and latest.latest) or released

        yield serving.GrpcService(
            descriptor=shop_pb2.DESCRIPTOR.services_by_name["CurrencyService"],
            add_to_server=shop_pb2_grpc.add_CurrencyServiceServicer_to_server,
            servicer=CurrencyServicer(current_rates),
        )


if __name__ == "__main__":
    serving.run("currency", CurrencySettings, open_service)
