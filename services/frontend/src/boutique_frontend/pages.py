"""The storefront's pages: each asks the services what it needs at the same time, and renders."""

import asyncio
import random
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from boutique_frontend.cached import Cached
from boutique_frontend.cart import Cart, fill_cart
from boutique_frontend.catalog import Catalog, Product
from boutique_frontend.checkout import (
    KEPT_FIELDS,
    LABELS,
    card_refusal,
    locate_refusal,
    read_checkout,
    read_idempotency_key,
)
from boutique_frontend.confirmation import read_receipt, write_receipt
from boutique_frontend.errors import STATUS_WORDS, http_status
from boutique_frontend.forms import (
    MAXIMUM_QUANTITY,
    MAXIMUM_QUANTITY_PER_ADD,
    Form,
    InvalidFormError,
    is_own_address,
    parse_fields,
    read_quantity,
)
from boutique_frontend.rendering import Templates
from boutique_frontend.services import IDEMPOTENCY_KEY, NEEDED_SECONDS, USEFUL_SECONDS, Services
from boutique_frontend.visitor import (
    CURRENCY_COOKIE,
    DEFAULT_CURRENCY,
    SESSION_COOKIE,
    Visitor,
    recognise,
    set_cookie,
)
from boutique_runtime.money import Money
from boutique_runtime.telemetry import current_request_id
from hipstershop import shop_pb2

SHOWN_CURRENCIES = ("USD", "EUR", "CAD", "JPY", "GBP", "TRY")
MAXIMUM_QUERY_LENGTH = 200
MAXIMUM_META_PRODUCTS = 50
CURRENCIES_FRESH_SECONDS = 60.0
ADS_FRESH_SECONDS = 10.0
EXPIRATION_YEARS = 15

_RETRY_AFTER_SECONDS = "5"
_NOT_STORED = {"cache-control": "no-store"}


class Pages:
    def __init__(self, services: Services, templates: Templates) -> None:
        self._services = services
        self._templates = templates
        self._catalog = Catalog(services, templates.render_grid)
        self._currencies = Cached(services.supported_currencies, fresh_seconds=CURRENCIES_FRESH_SECONDS)
        self._ads: dict[tuple[str, ...], Cached[Sequence[shop_pb2.Ad]]] = {}

    # ---- Looking around ----

    async def home(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        shelf, cart_count, ad = await asyncio.gather(
            self._catalog.shelf(visitor.currency), self._cart_count(visitor), self._ad(())
        )
        return await self._page(request, visitor, "home.html", cart_count=cart_count, grid=shelf.grid, ad=ad)

    async def search(self, request: Request) -> Response:
        query = parse_fields(request.url.query).get("q", "").strip()
        if len(query) > MAXIMUM_QUERY_LENGTH or not query.isprintable():
            raise InvalidFormError({"q": f"must be at most {MAXIMUM_QUERY_LENGTH} printable characters"})
        visitor = await self._visitor(request)
        shelf, cart_count, found = await asyncio.gather(
            self._catalog.shelf(visitor.currency), self._cart_count(visitor), self._services.search_products(query)
        )
        return await self._page(
            request, visitor, "search.html", cart_count=cart_count, query=query, products=shelf.pick(found)
        )

    async def product(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        product = await self._catalog.find(request.path_params["product_id"], visitor.currency)
        return await self._product_page(request, visitor, product)

    async def product_meta(self, request: Request) -> Response:
        """One product as an object; several, whose ids have commas between, as an array."""
        ids = request.path_params["ids"].split(",")
        if len(ids) > MAXIMUM_META_PRODUCTS:
            raise InvalidFormError({"ids": f"must be at most {MAXIMUM_META_PRODUCTS}"})
        products = [_as_json(await self._catalog.find(product_id, DEFAULT_CURRENCY)) for product_id in ids]
        return JSONResponse(products[0] if len(products) == 1 else products)

    # ---- The cart ----

    async def cart(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        return await self._cart_page(request, visitor)

    async def add_to_cart(self, request: Request, form: Form) -> Response:
        visitor = await self._visitor(request)
        product = await self._catalog.find(_product_id(form), visitor.currency)
        try:
            quantity = read_quantity(form, 1, MAXIMUM_QUANTITY_PER_ADD)
            await self._services.add_to_cart(visitor.session_id, product.id, quantity)
        except (InvalidFormError, grpc.aio.AioRpcError) as error:
            return await self._product_page(request, visitor, product, problem=_line_problem(error))
        return self._redirect(request, visitor, "/cart")

    async def set_quantity(self, request: Request, form: Form) -> Response:
        """0 removes the product."""
        visitor = await self._visitor(request)
        product_id = _product_id(form)
        try:
            quantity = read_quantity(form, 0, MAXIMUM_QUANTITY)
            await self._services.set_in_cart(visitor.session_id, product_id, quantity)
        except (InvalidFormError, grpc.aio.AioRpcError) as error:
            return await self._cart_page(request, visitor, problems={product_id: _line_problem(error)})
        return self._redirect(request, visitor, "/cart")

    async def empty_cart(self, request: Request, form: Form) -> Response:
        visitor = await self._visitor(request)
        await self._services.empty_cart(visitor.session_id)
        return self._redirect(request, visitor, "/")

    # ---- The order ----

    async def checkout(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        cart = await self._filled_cart(visitor, shipping_seconds=NEEDED_SECONDS)
        if not cart.lines:
            return self._redirect(request, visitor, "/cart")
        return await self._checkout_page(request, visitor, cart, idempotency_key=_new_idempotency_key())

    async def place_order(self, request: Request, form: Form) -> Response:
        visitor = await self._visitor(request)
        key = read_idempotency_key(form) or _new_idempotency_key()
        try:
            details = read_checkout(form)
        except InvalidFormError as error:
            return await self._refused_checkout_page(request, visitor, form, 422, error.problems, key)
        try:
            order = await self._services.place_order(
                shop_pb2.PlaceOrderRequest(
                    user_id=visitor.session_id,
                    user_currency=visitor.currency,
                    address=details.address,
                    email=details.email,
                    credit_card=details.credit_card,
                ),
                key,
            )
        except grpc.aio.AioRpcError as error:
            return await self._unplaced_order_page(request, visitor, form, error, key)
        return self._redirect(request, visitor, f"/order/{write_receipt(order, visitor.session_id)}")

    async def order(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        order = read_receipt(request.path_params["receipt"], visitor.session_id)
        if order is None:
            raise HTTPException(404, "This browser knows of no such order. Its confirmation was sent by e-mail.")
        shelf, cart_count = await asyncio.gather(self._catalog.shelf(visitor.currency), self._cart_count(visitor))
        return await self._page(
            request,
            visitor,
            "order.html",
            headers=_NOT_STORED,
            cart_count=cart_count,
            order=order,
            products=shelf.by_id,
        )

    # ---- The visit ----

    async def set_currency(self, request: Request, form: Form) -> Response:
        visitor = await self._visitor(request)
        shown = await self._shown_currencies()
        code = form.get("currency_code", "")
        if code not in shown:
            raise InvalidFormError({"currency_code": f"must be one of {', '.join(shown)}"})
        response = self._redirect(request, visitor, _page_before(request))
        set_cookie(request, response, CURRENCY_COOKIE, code)
        return response

    async def log_out(self, request: Request) -> Response:
        response = RedirectResponse("/", status_code=302)
        response.delete_cookie(SESSION_COOKIE)
        response.delete_cookie(CURRENCY_COOKIE)
        return response

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /cart\nDisallow: /order/\nDisallow: /search\n")

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def error(self, request: Request, status: int, reason: str = "", headers: Mapping[str, str] = {}) -> Response:
        title, words = STATUS_WORDS.get(status, STATUS_WORDS[500 if status >= 500 else 400])
        retry = {"retry-after": _RETRY_AFTER_SECONDS} if status == 503 else {}
        return await self._page(
            request,
            await self._visitor(request),
            "error.html",
            status=status,
            headers={**_NOT_STORED, **retry, **headers},
            cart_count=None,
            title=title,
            words=reason or words,
            request_id=current_request_id(),
        )

    # ---- What pages are made of ----

    async def _visitor(self, request: Request) -> Visitor:
        return recognise(request, await self._shown_currencies())

    async def _shown_currencies(self) -> Sequence[str]:
        try:
            supported = await self._currencies.get()
        except grpc.aio.AioRpcError:
            # The catalog's own currency needs no conversion.
            return (DEFAULT_CURRENCY,)
        return [code for code in SHOWN_CURRENCIES if code in supported]

    async def _cart_count(self, visitor: Visitor) -> int | None:
        """None where the cart service fails or is late: a page that is not about the cart does without."""
        if visitor.is_new:
            return 0
        try:
            return sum((await self._services.get_cart(visitor.session_id, USEFUL_SECONDS)).values())
        except grpc.aio.AioRpcError:
            return None

    async def _ad(self, categories: tuple[str, ...]) -> shop_pb2.Ad | None:
        if categories not in self._ads:
            self._ads[categories] = Cached(lambda: self._services.get_ads(categories), fresh_seconds=ADS_FRESH_SECONDS)
        ads = [ad for ad in await self._ads[categories].get() if ad.redirect_url.startswith("/product/")]
        return random.choice(ads) if ads else None  # noqa: S311 (which ad is shown is no secret)

    async def _filled_cart(self, visitor: Visitor, shipping_seconds: float) -> Cart:
        shelf, quantities = await asyncio.gather(
            self._catalog.shelf(visitor.currency),
            self._services.get_cart(visitor.session_id) if not visitor.is_new else _nothing(),
        )
        shipping = await self._shipping(quantities, visitor.currency, shipping_seconds)
        return fill_cart(quantities, shelf, shipping, visitor.currency)

    async def _shipping(self, quantities: Mapping[str, int], currency: str, timeout_seconds: float) -> Money | None:
        if not quantities:
            return Money(currency, 0)
        try:
            cost = await self._services.quote_shipping(quantities, timeout_seconds)
            return (await self._services.convert([cost], currency))[0]
        except grpc.aio.AioRpcError:
            return None

    async def _recommendations(self, visitor: Visitor, product_ids: Sequence[str]) -> list[Product]:
        recommended = await self._services.recommend(visitor.session_id, product_ids)
        return (await self._catalog.shelf(visitor.currency)).pick(recommended)

    async def _product_page(
        self, request: Request, visitor: Visitor, product: Product, problem: str | None = None
    ) -> Response:
        cart_count, recommendations, ad = await asyncio.gather(
            self._cart_count(visitor), self._recommendations(visitor, [product.id]), self._ad(product.categories)
        )
        return await self._page(
            request,
            visitor,
            "product.html",
            status=422 if problem else 200,
            cart_count=cart_count,
            product=product,
            recommendations=recommendations,
            ad=ad,
            problem=problem,
            maximum_quantity=MAXIMUM_QUANTITY_PER_ADD,
        )

    async def _cart_page(self, request: Request, visitor: Visitor, problems: Mapping[str, str] = {}) -> Response:
        """`problems` by product id."""
        cart = await self._filled_cart(visitor, shipping_seconds=USEFUL_SECONDS)
        recommendations = await self._recommendations(visitor, [line.product.id for line in cart.lines])
        return await self._page(
            request,
            visitor,
            "cart.html",
            status=422 if problems else 200,
            headers=_NOT_STORED,
            cart_count=cart.count,
            cart=cart,
            recommendations=recommendations,
            problems=problems,
            maximum_quantity=MAXIMUM_QUANTITY,
        )

    async def _unplaced_order_page(
        self, request: Request, visitor: Visitor, form: Form, error: grpc.aio.AioRpcError, key: str
    ) -> Response:
        """The form keeps its key, so that a second try places and charges the order once at most."""
        request.scope["reason"] = f"{error.code().name}: {error.details()}"
        reason = error.details() or ""
        if refusal := card_refusal(reason):
            problems = {"credit_card_number": refusal}
            return await self._refused_checkout_page(request, visitor, form, 422, problems, key)
        match error.code():
            case grpc.StatusCode.INVALID_ARGUMENT:
                problems = locate_refusal(reason)
                return await self._refused_checkout_page(request, visitor, form, 422, problems, key)
            case grpc.StatusCode.FAILED_PRECONDITION | grpc.StatusCode.NOT_FOUND:
                if reason.startswith(IDEMPOTENCY_KEY):
                    return await self.error(
                        request,
                        409,
                        "This form was sent before, with another content. "
                        "Your e-mail tells whether that order was placed.",
                    )
                return await self.error(request, 409, f"Nothing was ordered: {reason}.")
            case code:
                problems = {
                    "": "The order was not confirmed in time. Send it again: it is placed and paid once at most."
                }
                return await self._refused_checkout_page(request, visitor, form, http_status(code), problems, key)

    async def _refused_checkout_page(
        self, request: Request, visitor: Visitor, form: Form, status: int, problems: Mapping[str, str], key: str
    ) -> Response:
        return await self._checkout_page(
            request,
            visitor,
            await self._filled_cart(visitor, shipping_seconds=USEFUL_SECONDS),
            idempotency_key=key,
            status=status,
            kept={name: form[name] for name in KEPT_FIELDS if name in form},
            problems=problems,
        )

    async def _checkout_page(
        self,
        request: Request,
        visitor: Visitor,
        cart: Cart,
        *,
        idempotency_key: str,
        status: int = 200,
        kept: Mapping[str, str] = {},
        problems: Mapping[str, str] = {},
    ) -> Response:
        retry = {"retry-after": _RETRY_AFTER_SECONDS} if status == 503 else {}
        this_year = datetime.now(UTC).year
        return await self._page(
            request,
            visitor,
            "checkout.html",
            status=status,
            headers={**_NOT_STORED, **retry},
            cart_count=cart.count,
            cart=cart,
            idempotency_key=idempotency_key,
            labels=LABELS,
            expiration_years=range(this_year, this_year + EXPIRATION_YEARS),
            kept=kept,
            problems=problems,
        )

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] = {},
        **context: object,
    ) -> Response:
        html = self._templates.render(
            template, status=status, currency=visitor.currency, currencies=await self._shown_currencies(), **context
        )
        response = HTMLResponse(html, status, {"cache-control": "private, no-cache", **headers})
        return _greeted(request, response, visitor)

    def _redirect(self, request: Request, visitor: Visitor, path: str) -> Response:
        return _greeted(request, RedirectResponse(path, status_code=302), visitor)


def _greeted(request: Request, response: Response, visitor: Visitor) -> Response:
    if visitor.is_new:
        set_cookie(request, response, SESSION_COOKIE, visitor.session_id)
    return response


async def _nothing() -> dict[str, int]:
    return {}


def _new_idempotency_key() -> str:
    return secrets.token_urlsafe(24)


def _product_id(form: Form) -> str:
    if product_id := form.get("product_id", ""):
        return product_id
    raise InvalidFormError({"product_id": "is needed"})


def _line_problem(error: InvalidFormError | grpc.aio.AioRpcError) -> str:
    """Why a line of the cart was refused; raises the error where it was not, but failed."""
    if isinstance(error, InvalidFormError):
        return str(error)
    field, _, reason = (error.details() or "").partition(": ")
    refusals = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)
    if error.code() in refusals and field.startswith("item."):
        return f"{field.removeprefix('item.')}: {reason}"
    raise error


def _page_before(request: Request) -> str:
    """Path and query of the page of ours that the visitor came from; else the home page."""
    referer = request.headers.get("referer", "")
    if not is_own_address(request, referer):
        return "/"
    before = urlsplit(referer)
    if not before.path or before.path.startswith("//"):
        return "/"
    # A backslash, which browsers take for a slash, is quoted by the redirect.
    return f"{before.path}?{before.query}" if before.query else before.path


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
