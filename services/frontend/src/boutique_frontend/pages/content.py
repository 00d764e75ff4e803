"""Loads what several pages show: the cart, recommendations and ads."""

import asyncio
import random
from collections.abc import Mapping, Sequence

import grpc

from boutique_frontend.cart import Cart, fill_cart
from boutique_frontend.catalog import Catalog, Product
from boutique_frontend.services import OPTIONAL_TIMEOUT, Services
from boutique_frontend.visitor import Visitor
from boutique_runtime.money import Money
from boutique_runtime.refreshing import Refreshing
from hipstershop import shop_pb2

ADS_FRESH_SECONDS = 10.0


class PageContent:
    """The parts of pages that depend on the visitor."""

    def __init__(self, services: Services, catalog: Catalog) -> None:
        self._services = services
        self._catalog = catalog
        self._ads: dict[tuple[str, ...], Refreshing[Sequence[shop_pb2.Ad]]] = {}

    async def cart_count(self, visitor: Visitor) -> int | None:
        """Returns None if the cart service fails or is slow: pages that are not about the cart do without."""
        if visitor.is_new:
            return 0
        try:
            return sum((await self._services.get_cart(visitor.session_id, OPTIONAL_TIMEOUT)).values())
        except grpc.aio.AioRpcError:
            return None

    async def cart(self, visitor: Visitor, shipping_timeout: float) -> Cart:
        """Raises grpc.aio.AioRpcError."""
        catalog, quantities = await asyncio.gather(
            self._catalog.priced_in(visitor.currency), self._quantities_in_cart(visitor)
        )
        shipping = await self._shipping_cost(quantities, visitor.currency, shipping_timeout)
        return fill_cart(quantities, catalog, shipping, visitor.currency)

    async def recommendations(self, visitor: Visitor, product_ids: Sequence[str]) -> list[Product]:
        """Returns recommended products other than these, or none if the service fails."""
        recommended = await self._services.recommend(visitor.session_id, product_ids)
        return (await self._catalog.priced_in(visitor.currency)).pick(recommended)

    async def ad(self, categories: tuple[str, ...] = ()) -> shop_pb2.Ad | None:
        """Returns a random ad for the categories, or None. Only products of the shop are advertised."""
        if categories not in self._ads:
            self._ads[categories] = Refreshing(
                lambda: self._services.get_ads(categories), fresh_seconds=ADS_FRESH_SECONDS
            )
        ads = [ad for ad in await self._ads[categories].get() if ad.redirect_url.startswith("/product/")]
        return random.choice(ads) if ads else None  # noqa: S311 (not used for security)

    async def _quantities_in_cart(self, visitor: Visitor) -> dict[str, int]:
        return {} if visitor.is_new else await self._services.get_cart(visitor.session_id)

    async def _shipping_cost(
        self, quantities: Mapping[str, int], currency: str, timeout_seconds: float
    ) -> Money | None:
        if not quantities:
            return Money(currency, 0)
        try:
            cost = await self._services.quote_shipping(quantities, timeout_seconds)
            return (await self._services.convert([cost], currency))[0]
        except grpc.aio.AioRpcError:
            return None
