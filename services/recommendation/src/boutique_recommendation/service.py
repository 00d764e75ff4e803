"""RecommendationService of the contract, over the catalog."""

from typing import Any

import grpc

from boutique_recommendation.catalog import CatalogIds
from boutique_recommendation.recommendations import check_product_ids, check_user_id, recommend
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class RecommendationServicer(shop_pb2_grpc.RecommendationServiceServicer):
    def __init__(self, catalog: CatalogIds) -> None:
        self._catalog = catalog

    async def ListRecommendations(
        self, request: shop_pb2.ListRecommendationsRequest, context: Context
    ) -> shop_pb2.ListRecommendationsResponse:
        check_user_id(request.user_id)
        check_product_ids(request.product_ids)
        recommended = recommend(await self._catalog.get(), request.product_ids)
        return shop_pb2.ListRecommendationsResponse(product_ids=recommended)
