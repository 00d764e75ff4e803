"""The checkout service's process: `python3 -m boutique_checkout`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_checkout.checkout import Checkout
from boutique_checkout.dependencies import open_dependencies
from boutique_checkout.service import CheckoutServicer
from boutique_checkout.settings import CheckoutSettings
from boutique_checkout.store import open_store
from boutique_runtime import serving
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: CheckoutSettings, **options: float) -> AsyncIterator[serving.GrpcService]:
    """Opens the service; `options` are the time limits of Checkout."""
    async with open_dependencies(settings) as dependencies, open_store(settings.product_data) as orders:
        checkout = Checkout(dependencies, orders, **options)
        ready = asyncio.Event()

        async def prepare() -> None:
            await orders.wait_until_ready()
            ready.set()
            await checkout.run_recovery_loop()

        preparation = asyncio.create_task(prepare())
        try:
            yield serving.GrpcService(
                descriptor=shop_pb2.DESCRIPTOR.services_by_name["CheckoutService"],
                add_to_server=shop_pb2_grpc.add_CheckoutServiceServicer_to_server,
                servicer=CheckoutServicer(checkout),
                ready=ready,
            )
        finally:
            preparation.cancel()
            await checkout.close()


if __name__ == "__main__":
    serving.run("checkout", CheckoutSettings, open_service)
