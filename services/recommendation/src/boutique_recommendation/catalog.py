"""The ids of the catalog's products, kept for a few seconds, so that most recommendations call no one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import grpc

from boutique_runtime.clients import call
from hipstershop import shop_pb2, shop_pb2_grpc

FRESH_SECONDS = 5.0
TIMEOUT_SECONDS = 2.0

_log = logging.getLogger(__name__)


class CatalogIds:
    def __init__(
        self, catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` tells seconds."""
        self._catalog = catalog
        self._clock = clock
        self._ids: tuple[str, ...] | None = None
        self._fresh_until = 0.0
        self._refreshing = asyncio.Lock()

    async def get(self) -> tuple[str, ...]:
        """The ids as of the last FRESH_SECONDS; while the catalog is away, the last that it gave.

        Raises grpc.aio.AioRpcError where it never answered.
        """
        if self._ids is not None and (self._refreshing.locked() or self._clock() < self._fresh_until):
            return self._ids
        async with self._refreshing:
            if self._ids is None or self._clock() >= self._fresh_until:
                self._ids = await self._list_or_last()
                self._fresh_until = self._clock() + FRESH_SECONDS
            return self._ids

    async def _list_or_last(self) -> tuple[str, ...]:
        try:
            answer = await call(self._catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            if self._ids is None:
                raise
            _log.warning("recommending from the last known catalog", extra={"code": error.code().name})
            return self._ids
        return tuple(product.id for product in answer.products)
