"""Products priced in the visitor's currency, cached for a few seconds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from boutique_frontend.services import Services
from boutique_runtime.money import Money
from boutique_runtime.refreshing import Refreshing
from hipstershop import shop_pb2

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Product:
    """A product, with its price in the currency of its catalog."""

    id: str
    name: str
    description: str
    picture: str
    categories: tuple[str, ...]
    price: Money


@dataclass(frozen=True, slots=True)
class PricedCatalog:
    """All products in one currency, and their grid as HTML, which most visits to the home page share."""

    by_id: dict[str, Product]
    grid: Markup

    def pick(self, product_ids: Iterable[str]) -> list[Product]:
        """Returns the products that exist, in the order of `product_ids`."""
        return [self.by_id[product_id] for product_id in product_ids if product_id in self.by_id]


class Catalog:
    """The catalog in each currency that visitors have chosen."""

    def __init__(self, services: Services, render_grid: Callable[[Sequence[Product]], Markup]) -> None:
        self._services = services
        self._render_grid = render_grid
        self._by_currency: dict[str, Refreshing[PricedCatalog]] = {}

    async def priced_in(self, currency: str) -> PricedCatalog:
        """Raises grpc.aio.AioRpcError."""
        if currency not in self._by_currency:
            self._by_currency[currency] = Refreshing(lambda: self._load(currency), fresh_seconds=FRESH_SECONDS)
        return await self._by_currency[currency].get()

    async def find(self, product_id: str, currency: str) -> Product:
        """Raises grpc.aio.AioRpcError, with NOT_FOUND for an unknown id."""
        catalog = await self.priced_in(currency)
        if product := catalog.by_id.get(product_id):
            return product
        # The product may have been added to the catalog since the cache was filled.
        return (await self._priced([await self._services.get_product(product_id)], currency))[0]

    async def _load(self, currency: str) -> PricedCatalog:
        products = await self._priced(await self._services.list_products(), currency)
        return PricedCatalog({product.id: product for product in products}, self._render_grid(products))

    async def _priced(self, products: Sequence[shop_pb2.Product], currency: str) -> list[Product]:
        prices = await self._services.convert([product.price_usd for product in products], currency)
        return [
            Product(
                id=product.id,
                name=product.name,
                description=product.description,
                picture=product.picture,
                categories=tuple(product.categories),
                price=price.rounded(),
            )
            for product, price in zip(products, prices, strict=True)
        ]
