"""The products of the shop at one moment: lookup, pages, and search."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from boutique_catalog.product import Product
from boutique_contract.limits import IDENTIFIER, SEARCH_QUERY
from boutique_runtime.errors import InvalidFieldError, NotFoundError, check_field
from hipstershop import shop_pb2

MAXIMUM_IDS = 200
MAXIMUM_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20


class Page(NamedTuple):
    """Some products of the catalog. `next_token` leads to the next page and is empty on the last one."""

    products: Sequence[Product]
    next_token: str


class Catalog:
    """Products in the order in which the shop shows them."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = tuple(products)
        self._positions = {product.id: position for position, product in enumerate(self.products)}

    @cached_property
    def wire(self) -> shop_pb2.ListProductsResponse:
        """Returns the response that lists every product. It is created once, since most pages need it."""
        return shop_pb2.ListProductsResponse(products=[product.wire for product in self.products])

    def product(self, product_id: str) -> Product:
        """Returns a product. Raises NotFoundError, or InvalidFieldError if the id is too long for a message."""
        if len(product_id) > IDENTIFIER.maximum_length:
            raise InvalidFieldError("id", IDENTIFIER.message)
        if product_id not in self._positions:
            raise NotFoundError(f'no product has the id "{product_id}"')
        return self.products[self._positions[product_id]]

    def products_with_ids(self, product_ids: Sequence[str]) -> list[Product]:
        """Returns products in the order of the ids, without unknown ones. Raises InvalidFieldError for too many ids."""
        if len(product_ids) > MAXIMUM_IDS:
            raise InvalidFieldError("ids", f"must be at most {MAXIMUM_IDS}")
        return [self.products[self._positions[id_]] for id_ in product_ids if id_ in self._positions]

    def page(self, size: int, token: str) -> Page:
        """Returns a page. Raises InvalidFieldError.

        Args:
            size: The number of products; 0 for the default.
            token: The `next_token` of the page before it; empty for the first page.
        """
        if not 0 <= size <= MAXIMUM_PAGE_SIZE:
            raise InvalidFieldError("page_size", f"must be 1 to {MAXIMUM_PAGE_SIZE}, or 0 for the default")
        start = self._position_after(token) if token else 0
        end = start + (size or DEFAULT_PAGE_SIZE)
        products = self.products[start:end]
        return Page(products, _token_after(products[-1]) if end < len(self.products) else "")

    def search(self, query: str) -> list[Product]:
        """Returns the products with the query in their name or description, ignoring case."""
        wanted = query.casefold()
        return [
            product
            for product in self.products
            if wanted in product.name.casefold() or wanted in product.description.casefold()
        ]

    def _position_after(self, token: str) -> int:
        try:
            return self._positions[b64decode(token, altchars=b"-_", validate=True).decode()] + 1
        except (ValueError, KeyError):
            raise InvalidFieldError("page_token", "must be the next_page_token of a recent response") from None


def check_query(query: str) -> None:
    """Raises InvalidFieldError if the query breaks the rule."""
    check_field("query", query, SEARCH_QUERY)


def _token_after(product: Product) -> str:
    """Returns a token with the product's id, not its position, so that a changed catalog shifts no page."""
    return urlsafe_b64encode(product.id.encode()).decode()
