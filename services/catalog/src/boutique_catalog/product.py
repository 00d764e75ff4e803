"""A product, and the file with the products that the shop sells."""

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
    """A product of the catalog.

    Args:
        id: Ten capital letters and digits.
        description: Two sentences.
        picture: The picture's path in the storefront.
        price_usd: The price, with two decimals.
        categories: The categories, in lower case.
        rating: The mean of its reviews, 1 to 5 with one decimal; 0 if there are none.
        reviews: The number of reviews.
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
        """Returns the message of the contract. It is created once, since it is sent many times."""
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
    """Reads `products.json`, in the order in which the shop shows the products."""
    file = importlib.resources.files("boutique_catalog") / "products.json"
    return _PRODUCTS.validate_json(file.read_bytes())


def products_to_json(products: Sequence[Product]) -> str:
    """Returns the products in the form of `products.json`."""
    return _PRODUCTS.dump_json(list(products)).decode()
