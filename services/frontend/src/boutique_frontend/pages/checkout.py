"""The checkout form, placing the order, and its confirmation page."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boutique_frontend.cart import Cart
from boutique_frontend.catalog import Catalog
from boutique_frontend.checkout import (
    KEPT_FIELDS,
    LABELS,
    card_refusal,
    locate_refusal,
    read_checkout,
    read_idempotency_key,
)
from boutique_frontend.confirmation import read_receipt, write_receipt
from boutique_frontend.forms import Form, InvalidFormError
from boutique_frontend.pages.content import PageContent
from boutique_frontend.pages.rendering import NOT_STORED, PageRenderer
from boutique_frontend.services import OPTIONAL_TIMEOUT, REQUIRED_TIMEOUT, Services
from boutique_frontend.visitor import Visitor
from boutique_runtime.http_status import page_status
from boutique_runtime.idempotency import IDEMPOTENCY_KEY
from hipstershop import shop_pb2

EXPIRATION_YEARS = 15


class CheckoutPages:
    """The checkout form, and the confirmation of an order."""

    def __init__(self, services: Services, catalog: Catalog, content: PageContent, renderer: PageRenderer) -> None:
        self._services = services
        self._catalog = catalog
        self._content = content
        self._renderer = renderer

    async def checkout(self, request: Request) -> Response:
        """Returns the checkout form, or redirects to the cart if it is empty."""
        visitor = await self._renderer.visitor(request)
        cart = await self._content.cart(visitor, shipping_timeout=REQUIRED_TIMEOUT)
        if not cart.lines:
            return self._renderer.redirect(request, visitor, "/cart")
        return await self._checkout_page(request, visitor, cart, _new_idempotency_key())

    async def place_order(self, request: Request, form: Form) -> Response:
        """Places the order and redirects to its confirmation, or returns the form with the problems."""
        visitor = await self._renderer.visitor(request)
        key = read_idempotency_key(form) or _new_idempotency_key()
        try:
            details = read_checkout(form)
        except InvalidFormError as error:
            return await self._refused(request, visitor, form, 422, error.problems, key)
        order_request = shop_pb2.PlaceOrderRequest(
            user_id=visitor.session_id,
            user_currency=visitor.currency,
            address=details.address,
            email=details.email,
            credit_card=details.credit_card,
        )
        try:
            order = await self._services.place_order(order_request, key)
        except grpc.aio.AioRpcError as error:
            return await self._not_placed(request, visitor, form, error, key)
        return self._renderer.redirect(request, visitor, f"/order/{write_receipt(order, visitor.session_id)}")

    async def order(self, request: Request) -> Response:
        """Returns the confirmation for the receipt in the address. Raises HTTPException with 404."""
        visitor = await self._renderer.visitor(request)
        order = read_receipt(request.path_params["receipt"], visitor.session_id)
        if order is None:
            raise HTTPException(404, "This browser did not place that order. Its confirmation was sent by e-mail.")
        catalog, cart_count = await asyncio.gather(
            self._catalog.priced_in(visitor.currency), self._content.cart_count(visitor)
        )
        return await self._renderer.page(
            request,
            visitor,
            "order.html",
            headers=NOT_STORED,
            cart_count=cart_count,
            order=order,
            products=catalog.by_id,
        )

    async def _not_placed(
        self, request: Request, visitor: Visitor, form: Form, error: grpc.aio.AioRpcError, key: str
    ) -> Response:
        """Shows the form again with the same key, so that a second attempt cannot place or charge the order twice."""
        request.scope["reason"] = f"{error.code().name}: {error.details()}"
        reason = error.details() or ""
        if refusal := card_refusal(reason):
            return await self._refused(request, visitor, form, 422, {"credit_card_number": refusal}, key)
        match error.code():
            case grpc.StatusCode.INVALID_ARGUMENT:
                return await self._refused(request, visitor, form, 422, locate_refusal(reason), key)
            case grpc.StatusCode.FAILED_PRECONDITION | grpc.StatusCode.NOT_FOUND:
                explanation = f"Nothing was ordered: {reason}."
                if reason.startswith(IDEMPOTENCY_KEY):
                    explanation = (
                        "This form was already sent with different content. "
                        "If that order was placed, you have received an e-mail."
                    )
                return await self._renderer.error(request, 409, explanation)
            case code:
                problem = "The order was not confirmed in time. Send it again: it is placed and paid at most once."
                return await self._refused(request, visitor, form, page_status(code), {"": problem}, key)

    async def _refused(
        self, request: Request, visitor: Visitor, form: Form, status: int, problems: Mapping[str, str], key: str
    ) -> Response:
        cart = await self._content.cart(visitor, shipping_timeout=OPTIONAL_TIMEOUT)
        kept = {name: form[name] for name in KEPT_FIELDS if name in form}
        return await self._checkout_page(request, visitor, cart, key, status=status, kept=kept, problems=problems)

    async def _checkout_page(
        self,
        request: Request,
        visitor: Visitor,
        cart: Cart,
        idempotency_key: str,
        *,
        status: int = 200,
        kept: Mapping[str, str] = {},
        problems: Mapping[str, str] = {},
    ) -> Response:
        this_year = datetime.now(UTC).year
        return await self._renderer.page(
            request,
            visitor,
            "checkout.html",
            status=status,
            headers=NOT_STORED,
            cart_count=cart.count,
            cart=cart,
            idempotency_key=idempotency_key,
            labels=LABELS,
            expiration_years=range(this_year, this_year + EXPIRATION_YEARS),
            kept=kept,
            problems=problems,
        )


def _new_idempotency_key() -> str:
    return secrets.token_urlsafe(24)
