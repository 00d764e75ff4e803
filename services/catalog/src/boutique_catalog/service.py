"""The contract's ProductCatalogService."""

from typing import Any

import grpc

from boutique_catalog.catalog import check_query
from boutique_catalog.current import CurrentCatalog
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class CatalogServicer(shop_pb2_grpc.ProductCatalogServiceServicer):
    """Returns products of the current catalog."""

    def __init__(self, current: CurrentCatalog) -> None:
        self._current = current

    async def ListProducts(self, request: shop_pb2.Empty, context: Context) -> shop_pb2.ListProductsResponse:
        return self._current.get().wire

    async def GetProduct(self, request: shop_pb2.GetProductRequest, context: Context) -> shop_pb2.Product:
        return self._current.get().product(request.id).wire

    async def SearchProducts(
        self, request: shop_pb2.SearchProductsRequest, context: Context
    ) -> shop_pb2.SearchProductsResponse:
        check_query(request.query)
        found = await self._current.search(request.query)
        return shop_pb2.SearchProductsResponse(results=[product.wire for product in found])

    async def ListProductsPage(
        self, request: shop_pb2.ListProductsPageRequest, context: Context
    ) -> shop_pb2.ListProductsPageResponse:
        page = self._current.get().page(request.page_size, request.page_token)
        return shop_pb2.ListProductsPageResponse(
            products=[product.wire for product in page.products], next_page_token=page.next_token
        )

    async def GetProducts(self, request: shop_pb2.GetProductsRequest, context: Context) -> shop_pb2.GetProductsResponse:
        products = self._current.get().products_with_ids(request.ids)
        return shop_pb2.GetProductsResponse(products=[product.wire for product in products])
