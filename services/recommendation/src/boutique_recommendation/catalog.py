"""The ids of the catalog's products, kept for a few seconds, so that most recommendations need no call."""

from __future__ import annotations

import time
from collections.abc import Callable

from boutique_runtime.clients import call
from boutique_runtime.refreshing import Refreshing
from hipstershop import shop_pb2, shop_pb2_grpc

FRESH_SECONDS = 5.0
TIMEOUT_SECONDS = 2.0

ProductIds = Refreshing[tuple[str, ...]]


def product_ids(
    catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub, clock: Callable[[], float] = time.monotonic
) -> ProductIds:
    """Returns the ids of all products, kept up to date.

    Args:
        catalog: The service to call.
        clock: Returns seconds.
    """

    async def load() -> tuple[str, ...]:
        response = await call(catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=TIMEOUT_SECONDS)
        return tuple(product.id for product in response.products)

    return Refreshing(load, fresh_seconds=FRESH_SECONDS, clock=clock)
