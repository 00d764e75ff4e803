"""The products of the shop at one moment, and how they are found, paged and searched."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from boutique_catalog.product import Product
from boutique_runtime.errors import InvalidFieldError, NotFoundError
from hipstershop import shop_pb2

MAXIMUM_ID_LENGTH = 128
MAXIMUM_QUERY_LENGTH = 256
MAXIMUM_IDS = 200
MAXIMUM_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20


class Page(NamedTuple):
    """`next_token` is empty on the last page."""

    products: Sequence[Product]
    next_token: str


class Catalog:
    def __init__(self, products: Iterable[Product]) -> None:
        """`products` come in the order in which the shop shows them."""
        self.products = tuple(products)
        self._positions = {product.id: position for position, product in enumerate(self.products)}

    @cached_property
    def wire(self) -> shop_pb2.ListProductsResponse:
        """Made once, since every page of the storefront asks for it."""
        return shop_pb2.ListProductsResponse(products=[product.wire for product in self.products])

    def product(self, product_id: str) -> Product:
        """Raises NotFoundError, and InvalidFieldError for an id too long to be told back."""
        if len(product_id) > MAXIMUM_ID_LENGTH:
            raise InvalidFieldError("id", f"must be at most {MAXIMUM_ID_LENGTH} characters")
        if product_id not in self._positions:
            raise NotFoundError(f'no product has the id "{product_id}"')
        return self.products[self._positions[product_id]]

    def products_with_ids(self, product_ids: Sequence[str]) -> list[Product]:
        """In the order of the ids, less those that are not in the catalog. Raises InvalidFieldError for too many."""
        if len(product_ids) > MAXIMUM_IDS:
            raise InvalidFieldError("ids", f"must be at most {MAXIMUM_IDS}, not {len(product_ids)}")
        return [self.products[self._positions[id_]] for id_ in product_ids if id_ in self._positions]

    def page(self, size: int, token: str) -> Page:
        """The products after those of the page that gave the token; 0 is the default size. Raises InvalidFieldError."""
        if not 0 <= size <= MAXIMUM_PAGE_SIZE:
            raise InvalidFieldError("page_size", f"must be 1 to {MAXIMUM_PAGE_SIZE}, or 0 for the default, not {size}")
        start = self._position_after(token) if token else 0
        end = start + (size or DEFAULT_PAGE_SIZE)
        products = self.products[start:end]
        return Page(products, _token_after(products[-1]) if end < len(self.products) else "")

    def search(self, query: str) -> list[Product]:
        """Those with the query in their name or description, in whatever case."""
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
            raise InvalidFieldError("page_token", "must be the next_page_token of a recent answer") from None


def check_query(query: str) -> None:
    """Raises InvalidFieldError."""
    if len(query) > MAXIMUM_QUERY_LENGTH:
        raise InvalidFieldError("query", f"must be at most {MAXIMUM_QUERY_LENGTH} characters, not {len(query)}")
    if "\0" in query:
        raise InvalidFieldError("query", "must not contain the character U+0000, which Postgres cannot hold")


def _token_after(product: Product) -> str:
    """Names the product, not its position: a page neither repeats nor skips one when the catalog changes meanwhile."""
    return urlsafe_b64encode(product.id.encode()).decode()
