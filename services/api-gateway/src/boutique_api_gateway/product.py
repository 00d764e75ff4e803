"""Products: by id, and as they are searched for."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Body, Query
from pydantic import BaseModel, Field, StringConstraints

from boutique_api_gateway.messages import Given, Identifier
from boutique_api_gateway.money import Dollars, dollars
from boutique_api_gateway.services import READ_SECONDS, Neighbours, Services
from boutique_runtime.clients import call
from boutique_runtime.money import Money
from hipstershop import shop_pb2

_MAXIMUM_IDS = 200
_DEFAULT_SIZE = 20

PageSize = Annotated[int, Field(ge=1, le=100)]
SearchText = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00]*$")]
"""As catalog takes it."""


class Product(BaseModel):
    id: str
    name: str
    description: str
    price: Dollars
    rating: float = Field(ge=0, le=5, description="Mean of the reviews, 1 to 5; 0 where there are none.")
    reviews: int = Field(ge=0, description="How many there are.")
    filename: str = Field(description="Of the picture, below /api/v1/content.")
    categories: list[str]


class Page(Given):
    size: PageSize = _DEFAULT_SIZE


class Search(Given):
    query: SearchText = Field(examples=["mug"])
    page: Page = Field(default=Page(), examples=[{"size": 6}])


class PageCount(BaseModel):
    total_results: int = Field(ge=0, description="Found in all; `results` has as many of them as were asked for.")


class Meta(BaseModel):
    page: PageCount


class Found(BaseModel):
    meta: Meta
    results: list[Product]


GivenIds = Annotated[
    list[Identifier] | None,
    Body(max_length=_MAXIMUM_IDS, description="None: all products.", examples=[["OLJCESPC7Z", "6E92ZMYYFZ"]]),
]
IdsInAddress = Annotated[
    str | None,
    Query(
        pattern=rf"^[A-Za-z0-9._:-]{{1,128}}(,[A-Za-z0-9._:-]{{1,128}}){{0,{_MAXIMUM_IDS - 1}}}$",
        description="Separated by commas; the body's count before these.",
        examples=["OLJCESPC7Z,6E92ZMYYFZ"],
    ),
]
TextInAddress = Annotated[SearchText, Query(description="None: all products. The body's counts before this.")]
SizeInAddress = Annotated[PageSize, Query(description="The body's counts before this.")]


async def documents(services: Neighbours, ids: GivenIds = None) -> list[Product]:
    return await _with_ids(services, ids)


async def documents_by_address(services: Neighbours, ids: IdsInAddress = None, body: GivenIds = None) -> list[Product]:
    return await _with_ids(services, body or (ids.split(",") if ids else None))


async def search(services: Neighbours, body: Search) -> Found:
    return _page(await _search(services, body.query), body.page.size)


async def search_by_address(
    services: Neighbours, query: TextInAddress = "", size: SizeInAddress = _DEFAULT_SIZE, body: Search | None = None
) -> Found:
    return await search(services, body or _searched(query, size))


async def suggestions(services: Neighbours, body: Search) -> Found:
    wanted = body.query.casefold()
    found = await _search(services, body.query)
    return _page([product for product in found if wanted in product.name.casefold()], body.page.size)


async def suggestions_by_address(
    services: Neighbours, query: TextInAddress = "", size: SizeInAddress = _DEFAULT_SIZE, body: Search | None = None
) -> Found:
    return await suggestions(services, body or _searched(query, size))


def _searched(query: str, size: int) -> Search:
    return Search(query=query, page=Page(size=size))


async def _with_ids(services: Services, ids: list[str] | None) -> list[Product]:
    """All products where there are no ids; those that are not in the catalog are left out."""
    if not ids:
        every = await call(services.catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=READ_SECONDS)
        return as_shown(every.products)
    request = shop_pb2.GetProductsRequest(ids=dict.fromkeys(ids))
    return as_shown((await call(services.catalog.GetProducts, request, timeout_seconds=READ_SECONDS)).products)


async def _search(services: Services, query: str) -> list[shop_pb2.Product]:
    request = shop_pb2.SearchProductsRequest(query=query)
    return list((await call(services.catalog.SearchProducts, request, timeout_seconds=READ_SECONDS)).results)


def _page(found: list[shop_pb2.Product], size: int) -> Found:
    return Found(meta=Meta(page=PageCount(total_results=len(found))), results=as_shown(found, size))


def as_shown(products: Iterable[shop_pb2.Product], size: int | None = None) -> list[Product]:
    """By rating, highest first, and those of one rating by name; the first `size` of them, or all."""
    ranked = sorted(products, key=lambda product: (-product.rating, product.name))
    return [from_wire(product) for product in ranked[:size]]


def from_wire(product: shop_pb2.Product) -> Product:
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
    """The pictures in the bucket are drawings, whatever the first storefront has."""
    name = picture.rpartition("/")[2]
    return f"{name.rpartition('.')[0] or name}.svg"
