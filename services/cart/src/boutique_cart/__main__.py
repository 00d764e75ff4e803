"""The cart service's process: `python3 -m boutique_cart`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_cart.service import CartServicer
from boutique_cart.settings import CartSettings
from boutique_cart.store import open_store
from boutique_runtime import serving
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: CartSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the cart service."""
    async with open_store(settings.redis) as store:
        yield serving.GrpcService(
            descriptor=shop_pb2.DESCRIPTOR.services_by_name["CartService"],
            add_to_server=shop_pb2_grpc.add_CartServiceServicer_to_server,
            servicer=CartServicer(store),
        )


if __name__ == "__main__":
    serving.run("cart", CartSettings, open_service)
