"""The catalog service's process: `python3 -m boutique_catalog`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_catalog.current import CurrentCatalog
from boutique_catalog.service import CatalogServicer
from boutique_catalog.settings import CatalogSettings
from boutique_catalog.store import open_store
from boutique_runtime import serving
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: CatalogSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the catalog service."""
    async with open_store(settings.product_data) as store:
        current = CurrentCatalog(store, settings.cache_seconds)
        refreshing = asyncio.create_task(current.keep_up_to_date())
        try:
            yield serving.GrpcService(
                descriptor=shop_pb2.DESCRIPTOR.services_by_name["ProductCatalogService"],
                add_to_server=shop_pb2_grpc.add_ProductCatalogServiceServicer_to_server,
                servicer=CatalogServicer(current),
                ready=current.loaded,
            )
        finally:
            refreshing.cancel()
            await asyncio.wait([refreshing])


if __name__ == "__main__":
    serving.run("catalog", CatalogSettings, open_service)
