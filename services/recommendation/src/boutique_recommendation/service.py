"""The contract's RecommendationService."""

from typing import Any

import grpc

from boutique_contract.limits import IDENTIFIER
from boutique_recommendation.catalog import ProductIds
from boutique_recommendation.recommendations import check_product_ids, recommend
from boutique_runtime.errors import check_field
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class RecommendationServicer(shop_pb2_grpc.RecommendationServiceServicer):
    """Recommends products of the catalog."""

    def __init__(self, catalog: ProductIds) -> None:
        self._catalog = catalog

    async def ListRecommendations(
        self, request: shop_pb2.ListRecommendationsRequest, context: Context
    ) -> shop_pb2.ListRecommendationsResponse:
        if request.user_id:
            check_field("user_id", request.user_id, IDENTIFIER)
        check_product_ids(request.product_ids)
        recommended = recommend(await self._catalog.get(), request.product_ids)
        return shop_pb2.ListRecommendationsResponse(product_ids=recommended)
