"""The cart page, and the forms that change the cart."""

from collections.abc import Mapping

import grpc
from starlette.requests import Request
from starlette.responses import Response

from boutique_contract.limits import ADDED_QUANTITY, CART_QUANTITY
from boutique_frontend.catalog import Catalog
from boutique_frontend.forms import (
    Form,
    InvalidFormError,
    read_product_id,
    read_quantity,
)
from boutique_frontend.pages.catalog import CatalogPages
from boutique_frontend.pages.content import PageContent
from boutique_frontend.pages.rendering import NOT_STORED, PageRenderer
from boutique_frontend.services import OPTIONAL_TIMEOUT, Services
from boutique_frontend.visitor import Visitor


class CartPages:
    """The cart page and the forms that change the cart."""

    def __init__(
        self,
        services: Services,
        catalog: Catalog,
        content: PageContent,
        renderer: PageRenderer,
        catalog_pages: CatalogPages,
    ) -> None:
        self._services = services
        self._catalog = catalog
        self._content = content
        self._renderer = renderer
        self._catalog_pages = catalog_pages

    async def cart(self, request: Request) -> Response:
        """Returns the cart page."""
        return await self._cart_page(request, await self._renderer.visitor(request))

    async def add(self, request: Request, form: Form) -> Response:
        """Adds a product and redirects to the cart, or returns the product's page with the problem."""
        visitor = await self._renderer.visitor(request)
        product = await self._catalog.find(read_product_id(form), visitor.currency)
        try:
            quantity = read_quantity(form, ADDED_QUANTITY)
            await self._services.add_to_cart(visitor.session_id, product.id, quantity)
        except (InvalidFormError, grpc.aio.AioRpcError) as error:
            return await self._catalog_pages.product_page(request, visitor, product, problem=_line_problem(error))
        return self._renderer.redirect(request, visitor, "/cart")

    async def set_quantity(self, request: Request, form: Form) -> Response:
        """Sets the quantity of a product; 0 removes it."""
        visitor = await self._renderer.visitor(request)
        product_id = read_product_id(form)
        try:
            quantity = read_quantity(form, CART_QUANTITY)
            await self._services.set_in_cart(visitor.session_id, product_id, quantity)
        except (InvalidFormError, grpc.aio.AioRpcError) as error:
            return await self._cart_page(request, visitor, problems={product_id: _line_problem(error)})
        return self._renderer.redirect(request, visitor, "/cart")

    async def empty(self, request: Request, _: Form) -> Response:
        """Empties the cart and redirects to the home page."""
        visitor = await self._renderer.visitor(request)
        await self._services.empty_cart(visitor.session_id)
        return self._renderer.redirect(request, visitor, "/")

    async def _cart_page(self, request: Request, visitor: Visitor, problems: Mapping[str, str] = {}) -> Response:
        """Renders the cart. `problems` are error messages by product id."""
        cart = await self._content.cart(visitor, shipping_timeout=OPTIONAL_TIMEOUT)
        recommendations = await self._content.recommendations(visitor, [line.product.id for line in cart.lines])
        return await self._renderer.page(
            request,
            visitor,
            "cart.html",
            status=422 if problems else 200,
            headers=NOT_STORED,
            cart_count=cart.count,
            cart=cart,
            recommendations=recommendations,
            problems=problems,
            maximum_quantity=CART_QUANTITY.maximum,
        )


def _line_problem(error: InvalidFormError | grpc.aio.AioRpcError) -> str:
    """Returns why a cart line was refused. Re-raises an error that is not about the line."""
    if isinstance(error, InvalidFormError):
        return str(error)
    field, _, reason = (error.details() or "").partition(": ")
    refusals = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)
    if error.code() in refusals and field.startswith("item."):
        return f"{field.removeprefix('item.')}: {reason}"
    raise error
