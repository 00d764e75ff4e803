"""The contract's AdService."""

from collections.abc import Sequence
from typing import Any

import grpc

from boutique_ad.ads import Ad, check_context_keys, choose_ads
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class AdServicer(shop_pb2_grpc.AdServiceServicer):
    """Chooses among ads in memory."""

    def __init__(self, ads: Sequence[Ad]) -> None:
        self._ads = ads

    async def GetAds(self, request: shop_pb2.AdRequest, context: Context) -> shop_pb2.AdResponse:
        check_context_keys(request.context_keys)
        chosen = choose_ads(self._ads, request.context_keys)
        return shop_pb2.AdResponse(
            ads=[shop_pb2.Ad(redirect_url=f"/product/{ad.product_id}", text=ad.text) for ad in chosen]
        )
