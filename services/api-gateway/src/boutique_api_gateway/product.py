"""Endpoints of products: by id, search and suggestions."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Body, Query
from pydantic import BaseModel, Field

from boutique_api_gateway.messages import RequestModel
from boutique_api_gateway.money import Dollars, dollars
from boutique_api_gateway.services import READ_TIMEOUT, InjectedServices, Services
from boutique_contract.limits import IDENTIFIER
from boutique_contract.pydantic_types import Identifier, SearchQuery
from boutique_runtime.clients import call
from boutique_runtime.money import Money
from hipstershop import shop_pb2

_MAXIMUM_IDS = 200
_DEFAULT_SIZE = 20

PageSize = Annotated[int, Field(ge=1, le=100)]


class Product(BaseModel):
    """A product, with its price in US dollars."""

    id: str
    name: str
    description: str
    price: Dollars
    rating: float = Field(ge=0, le=5, description="Mean of the reviews, 1 to 5; 0 without reviews.")
    reviews: int = Field(ge=0, description="Number of reviews.")
    filename: str = Field(description="Name of the picture below /api/v1/content.")
    categories: list[str]


class Page(RequestModel):
    """The page of results. Only the first one can be requested."""

    size: PageSize = _DEFAULT_SIZE


class Search(RequestModel):
    """A text to search for. An empty one matches every product."""

    query: SearchQuery = Field(examples=["mug"])
    page: Page = Field(default=Page(), examples=[{"size": 6}])


class PageCount(BaseModel):
    """The number of matches."""

    total_results: int = Field(ge=0, description="All matches; `results` has at most page.size of them.")


class ResultsMetadata(BaseModel):
    """The metadata of the results."""

    page: PageCount


class SearchResults(BaseModel):
    """Products by falling rating, then by name."""

    meta: ResultsMetadata
    results: list[Product]


IdsInBody = Annotated[
    list[Identifier] | None,
    Body(max_length=_MAXIMUM_IDS, description="Without ids: all products.", examples=[["OLJCESPC7Z", "6E92ZMYYFZ"]]),
]
IdsInQuery = Annotated[
    str | None,
    Query(
        pattern=rf"^{IDENTIFIER.pattern}(,{IDENTIFIER.pattern}){{0,{_MAXIMUM_IDS - 1}}}$",
        description="Separated by commas. Ids in the body take precedence.",
        examples=["OLJCESPC7Z,6E92ZMYYFZ"],
    ),
]
TextInQuery = Annotated[SearchQuery, Query(description="Empty: all products. A body takes precedence.")]
SizeInQuery = Annotated[PageSize, Query(description="A body takes precedence.")]


async def documents(services: InjectedServices, ids: IdsInBody = None) -> list[Product]:
    """Returns the products that exist among these ids, or all products."""
    return await _with_ids(services, ids)


async def documents_from_query(
    services: InjectedServices, ids: IdsInQuery = None, body: IdsInBody = None
) -> list[Product]:
    """Returns the products that exist among these ids, or all products."""
    return await _with_ids(services, body or (ids.split(",") if ids else None))


async def search(services: InjectedServices, body: Search) -> SearchResults:
    """Returns products whose name or description contains the text, in any case."""
    return _page(await _search(services, body.query), body.page.size)


async def search_from_query(
    services: InjectedServices, query: TextInQuery = "", size: SizeInQuery = _DEFAULT_SIZE, body: Search | None = None
) -> SearchResults:
    """Returns products whose name or description contains the text, in any case."""
    return await search(services, body or _search_request(query, size))


async def suggestions(services: InjectedServices, body: Search) -> SearchResults:
    """Returns products whose name contains the text, in any case."""
    wanted = body.query.casefold()
    found = await _search(services, body.query)
    return _page([product for product in found if wanted in product.name.casefold()], body.page.size)


async def suggestions_from_query(
    services: InjectedServices, query: TextInQuery = "", size: SizeInQuery = _DEFAULT_SIZE, body: Search | None = None
) -> SearchResults:
    """Returns products whose name contains the text, in any case."""
    return await suggestions(services, body or _search_request(query, size))


def _search_request(query: str, size: int) -> Search:
    return Search(query=query, page=Page(size=size))


async def _with_ids(services: Services, ids: list[str] | None) -> list[Product]:
    """Returns the products that exist, or all products if there are no ids."""
    if not ids:
        every = await call(services.catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=READ_TIMEOUT)
        return ranked(every.products)
    request = shop_pb2.GetProductsRequest(ids=dict.fromkeys(ids))
    return ranked((await call(services.catalog.GetProducts, request, timeout_seconds=READ_TIMEOUT)).products)


async def _search(services: Services, query: str) -> list[shop_pb2.Product]:
    request = shop_pb2.SearchProductsRequest(query=query)
    return list((await call(services.catalog.SearchProducts, request, timeout_seconds=READ_TIMEOUT)).results)


def _page(found: list[shop_pb2.Product], size: int) -> SearchResults:
    return SearchResults(meta=ResultsMetadata(page=PageCount(total_results=len(found))), results=ranked(found, size))


def ranked(products: Iterable[shop_pb2.Product], size: int | None = None) -> list[Product]:
    """Returns the first `size` products (default: all) by falling rating, then by name."""
    by_rating = sorted(products, key=lambda product: (-product.rating, product.name))
    return [from_wire(product) for product in by_rating[:size]]


def from_wire(product: shop_pb2.Product) -> Product:
    """Returns the contract's product as clients see it. Raises InvalidFieldError for an invalid price."""
    return Product(
        id=product.id,
        name=product.name,
        description=product.description,
        price=dollars(Money.from_wire(product.price_usd, "price_usd")),
        rating=product.rating,
        reviews=product.reviews,
        filename=_filename(product.picture),
        categories=list(product.categories),
    )


def _filename(picture: str) -> str:
    """Returns the name of the SVG drawing in the bucket, whatever format the catalog names."""
    name = picture.rpartition("/")[2]
    return f"{name.rpartition('.')[0] or name}.svg"
