"""What products are called, by the catalog, since an order knows their ids alone."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

import grpc

from boutique_runtime.clients import call
from hipstershop import shop_pb2, shop_pb2_grpc

FRESH_SECONDS = 300.0
RETRY_SECONDS = 10.0
TIMEOUT_SECONDS = 2.0

_log = logging.getLogger(__name__)


class ProductNames:
    def __init__(self, catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub | None) -> None:
        """Without a catalog no name is known."""
        self._catalog = catalog
        self._names: Mapping[str, str] = {}
        self._fresh_until = 0.0
        self._refreshing = asyncio.Lock()

    async def get(self) -> Mapping[str, str]:
        """Names by product id; while the catalog is away, those that are known."""
        if self._catalog is None:
            return {}
        async with self._refreshing:
            if time.monotonic() >= self._fresh_until:
                await self._refresh(self._catalog)
            return self._names

    async def _refresh(self, catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub) -> None:
        try:
            answer = await call(catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            _log.warning("product names are not up to date", extra={"code": error.code().name})
            self._fresh_until = time.monotonic() + RETRY_SECONDS
        else:
            self._names = {product.id: product.name for product in answer.products}
            self._fresh_until = time.monotonic() + FRESH_SECONDS
