"""The names of products, from the catalog, since an order only has their ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from boutique_runtime.clients import call
from boutique_runtime.refreshing import Refreshing
from hipstershop import shop_pb2, shop_pb2_grpc

FRESH_SECONDS = 300.0
STALE_SECONDS = 600.0
RETRY_SECONDS = 10.0
TIMEOUT_SECONDS = 2.0

ProductNames = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns names by product id."""


def catalog_names(catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub) -> ProductNames:
    """Returns the names in the catalog, kept up to date. While the catalog is down, the last known ones count."""

    async def load() -> Mapping[str, str]:
        response = await call(catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=TIMEOUT_SECONDS)
        return {product.id: product.name for product in response.products}

    names: Refreshing[Mapping[str, str]] = Refreshing(
        load,
        fresh_seconds=FRESH_SECONDS,
        stale_seconds=STALE_SECONDS,
        retry_seconds=RETRY_SECONDS,
        wait_seconds=TIMEOUT_SECONDS,
        initial={},
    )
    return names.get


async def no_names() -> Mapping[str, str]:
    """Returns no names, for a service without a catalog."""
    return {}
