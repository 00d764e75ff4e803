"""Home, search and product pages."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from boutique_contract.limits import ADDED_QUANTITY, SEARCH_QUERY
from boutique_frontend.catalog import Catalog, Product
from boutique_frontend.forms import InvalidFormError, parse_fields
from boutique_frontend.pages.content import PageContent
from boutique_frontend.pages.rendering import PageRenderer
from boutique_frontend.services import Services
from boutique_frontend.visitor import DEFAULT_CURRENCY, Visitor

MAXIMUM_META_PRODUCTS = 50


class CatalogPages:
    """The pages that show products."""

    def __init__(self, services: Services, catalog: Catalog, content: PageContent, renderer: PageRenderer) -> None:
        self._services = services
        self._catalog = catalog
        self._content = content
        self._renderer = renderer

    async def home(self, request: Request) -> Response:
        """Returns the home page."""
        visitor = await self._renderer.visitor(request)
        catalog, cart_count, ad = await asyncio.gather(
            self._catalog.priced_in(visitor.currency), self._content.cart_count(visitor), self._content.ad()
        )
        return await self._renderer.page(request, visitor, "home.html", cart_count=cart_count, grid=catalog.grid, ad=ad)

    async def search(self, request: Request) -> Response:
        """Returns the page with the results. Raises InvalidFormError if the query is too long."""
        query = parse_fields(request.url.query).get("q", "").strip()
        if problem := SEARCH_QUERY.problem(query):
            raise InvalidFormError({"q": problem})
        visitor = await self._renderer.visitor(request)
        catalog, cart_count, found = await asyncio.gather(
            self._catalog.priced_in(visitor.currency),
            self._content.cart_count(visitor),
            self._services.search_products(query),
        )
        return await self._renderer.page(
            request, visitor, "search.html", cart_count=cart_count, query=query, products=catalog.pick(found)
        )

    async def product(self, request: Request) -> Response:
        """Returns the page of the product in the address."""
        visitor = await self._renderer.visitor(request)
        product = await self._catalog.find(request.path_params["product_id"], visitor.currency)
        return await self.product_page(request, visitor, product)

    async def product_page(
        self, request: Request, visitor: Visitor, product: Product, problem: str | None = None
    ) -> Response:
        """Returns the page of a product, with status 422 if there is a problem with its form."""
        cart_count, recommendations, ad = await asyncio.gather(
            self._content.cart_count(visitor),
            self._content.recommendations(visitor, [product.id]),
            self._content.ad(product.categories),
        )
        return await self._renderer.page(
            request,
            visitor,
            "product.html",
            status=422 if problem else 200,
            cart_count=cart_count,
            product=product,
            recommendations=recommendations,
            ad=ad,
            problem=problem,
            maximum_quantity=ADDED_QUANTITY.maximum,
        )

    async def product_meta(self, request: Request) -> Response:
        """Returns an object for one id, and an array for several ids separated by commas."""
        ids = request.path_params["ids"].split(",")
        if len(ids) > MAXIMUM_META_PRODUCTS:
            raise InvalidFormError({"ids": f"must be at most {MAXIMUM_META_PRODUCTS}"})
        products = [_as_json(await self._catalog.find(product_id, DEFAULT_CURRENCY)) for product_id in ids]
        return JSONResponse(products[0] if len(products) == 1 else products)


def _as_json(product: Product) -> dict[str, object]:
    price = product.price.to_wire()
    return {
        "id": product.id,
        "name": product.name,
        "description": product.description,
        "picture": product.picture,
        "price_usd": {"currency_code": price.currency_code, "units": price.units, "nanos": price.nanos},
        "categories": product.categories,
    }
