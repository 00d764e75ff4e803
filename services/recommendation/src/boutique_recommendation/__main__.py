"""The recommendation service's process: `python3 -m boutique_recommendation`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_recommendation.catalog import product_ids
from boutique_recommendation.service import RecommendationServicer
from boutique_recommendation.settings import RecommendationSettings
from boutique_runtime import serving
from boutique_runtime.clients import open_stub
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: RecommendationSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the recommendation service."""
    async with open_stub(shop_pb2_grpc.ProductCatalogServiceStub, settings.product_catalog_service_addr) as catalog:
        yield serving.GrpcService(
            descriptor=shop_pb2.DESCRIPTOR.services_by_name["RecommendationService"],
            add_to_server=shop_pb2_grpc.add_RecommendationServiceServicer_to_server,
            servicer=RecommendationServicer(product_ids(catalog)),
        )


if __name__ == "__main__":
    serving.run("recommendation", RecommendationSettings, open_service)
