"""The products as this storefront shows them: priced in the visitor's currency, kept for a few seconds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from boutique_frontend.cached import Cached
from boutique_frontend.services import Services
from boutique_runtime.money import Money
from hipstershop import shop_pb2

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    name: str
    description: str
    picture: str
    categories: tuple[str, ...]
    price: Money


@dataclass(frozen=True, slots=True)
class Shelf:
    """All products in one currency, with their grid as HTML, which most visits to the home page share."""

    by_id: dict[str, Product]
    grid: Markup

    def pick(self, product_ids: Iterable[str]) -> list[Product]:
        """Those that are on the shelf, in the order given."""
        return [self.by_id[product_id] for product_id in product_ids if product_id in self.by_id]


class Catalog:
    def __init__(self, services: Services, render_grid: Callable[[Sequence[Product]], Markup]) -> None:
        self._services = services
        self._render_grid = render_grid
        self._shelves: dict[str, Cached[Shelf]] = {}

    async def shelf(self, currency: str) -> Shelf:
        """Raises grpc.aio.AioRpcError."""
        if currency not in self._shelves:
            self._shelves[currency] = Cached(lambda: self._load_shelf(currency), fresh_seconds=FRESH_SECONDS)
        return await self._shelves[currency].get()

    async def find(self, product_id: str, currency: str) -> Product:
        """Raises grpc.aio.AioRpcError, with NOT_FOUND for an unknown id."""
        shelf = await self.shelf(currency)
        if product := shelf.by_id.get(product_id):
            return product
        # It may have been added to the catalog a moment ago.
        return (await self._priced([await self._services.get_product(product_id)], currency))[0]

    async def _load_shelf(self, currency: str) -> Shelf:
        products = await self._priced(await self._services.list_products(), currency)
        return Shelf({product.id: product for product in products}, self._render_grid(products))

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
