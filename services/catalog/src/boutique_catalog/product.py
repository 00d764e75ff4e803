"""A product, and the file that says which ones the shop sells."""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from pydantic import TypeAdapter

from boutique_runtime.money import Money
from hipstershop import shop_pb2


@dataclass(frozen=True)
class Product:
    """`picture` is a path below the storefront; `price_usd` has two decimals; `categories` are lower case.

    `rating` is the mean of the `reviews`, 1 to 5 with one decimal; both are 0 where there are none.
    """

    id: str
    name: str
    description: str
    picture: str
    price_usd: Decimal
    categories: list[str]
    rating: Decimal
    reviews: int

    @cached_property
    def wire(self) -> shop_pb2.Product:
        """Made once, since the same product is answered again and again."""
        return shop_pb2.Product(
            id=self.id,
            name=self.name,
            description=self.description,
            picture=self.picture,
            price_usd=Money.from_decimal("USD", self.price_usd).to_wire(),
            categories=self.categories,
            rating=float(self.rating),
            reviews=self.reviews,
        )


_PRODUCTS = TypeAdapter(list[Product])


def load_products() -> list[Product]:
    """What `products.json` holds, in the order in which the shop shows it."""
    file = importlib.resources.files("boutique_catalog") / "products.json"
    return _PRODUCTS.validate_json(file.read_bytes())


def products_to_json(products: Sequence[Product]) -> str:
    """In the form of `products.json`."""
    return _PRODUCTS.dump_json(list(products)).decode()
