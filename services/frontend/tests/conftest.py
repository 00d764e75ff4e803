"""A browser that visits the storefront, and fakes of the seven services behind it."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import httpx
import pytest

from boutique_frontend.__main__ import open_application
from boutique_frontend.settings import FrontendSettings
from boutique_runtime.http_serving import with_request_scope
from boutique_runtime.money import Money
from boutique_testing.catalog_and_cart import SHIPPING, CatalogAndCart, placed_order, product
from boutique_testing.fake_services import refusing, served
from hipstershop import shop_pb2

RATES_IN_MILLIONTHS = {"EUR": 884_564, "CAD": 1_340_506, "JPY": 111_808_934, "GBP": 780_470, "TRY": 5_762_000}


@dataclass
class Shop(CatalogAndCart):
    """The seven services behind the storefront."""

    products: list[shop_pb2.Product] = field(
        default_factory=lambda: [
            product("OLJCESPC7Z", "Sunglasses", 1999, "sunglasses.svg", "accessories"),
            product("6E92ZMYYFZ", "Mug", 899, "mug.svg", "kitchen"),
        ]
    )
    orders: dict[str, shop_pb2.OrderResult] = field(default_factory=dict)
    """Orders by idempotency key."""

    def fail(self, method: str, code: grpc.StatusCode, details: str = "") -> None:
        self.answers[method] = refusing(code, details)

    async def GetSupportedCurrencies(self, *_: Any) -> shop_pb2.GetSupportedCurrenciesResponse:  # noqa: N802
        return shop_pb2.GetSupportedCurrenciesResponse(currency_codes=["USD", "CHF", *RATES_IN_MILLIONTHS])

    async def Convert(self, request: shop_pb2.CurrencyConversionRequest, _: Any) -> shop_pb2.Money:  # noqa: N802
        return _converted(getattr(request, "from"), request.to_code)

    async def ConvertMany(self, request: shop_pb2.ConvertManyRequest, _: Any) -> shop_pb2.ConvertManyResponse:  # noqa: N802
        amounts = [_converted(amount, request.to_code) for amount in getattr(request, "from")]
        return shop_pb2.ConvertManyResponse(amounts=amounts)

    async def AddItem(self, request: shop_pb2.AddItemRequest, context: Any) -> shop_pb2.Empty:  # noqa: N802
        cart = self.carts.setdefault(request.user_id, {})
        quantity = cart.get(request.item.product_id, 0) + request.item.quantity
        if quantity > 99:
            await context.abort(
                grpc.StatusCode.FAILED_PRECONDITION, "item.quantity: a cart holds at most 99 of a product"
            )
        cart[request.item.product_id] = quantity
        return shop_pb2.Empty()

    async def GetQuote(self, *_: Any) -> shop_pb2.GetQuoteResponse:  # noqa: N802
        return shop_pb2.GetQuoteResponse(cost_usd=SHIPPING.to_wire())

    async def ListRecommendations(  # noqa: N802
        self, request: shop_pb2.ListRecommendationsRequest, _: Any
    ) -> shop_pb2.ListRecommendationsResponse:
        others = [candidate.id for candidate in self.products if candidate.id not in request.product_ids]
        return shop_pb2.ListRecommendationsResponse(product_ids=others)

    async def GetAds(self, *_: Any) -> shop_pb2.AdResponse:  # noqa: N802
        return shop_pb2.AdResponse(ads=[shop_pb2.Ad(redirect_url="/product/6E92ZMYYFZ", text="A mug for mornings.")])

    async def PlaceOrder(self, request: shop_pb2.PlaceOrderRequest, context: Any) -> shop_pb2.PlaceOrderResponse:  # noqa: N802
        key = dict(context.invocation_metadata())["idempotency-key"]
        if key not in self.orders:
            cart = self.carts.pop(request.user_id, {})
            if not cart:
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the cart is empty")
            prices = {
                candidate.id: _rounded(_converted(candidate.price_usd, request.user_currency))
                for candidate in self.products
            }
            shipping_cost = _rounded(_converted(SHIPPING.to_wire(), request.user_currency))
            self.orders[key] = placed_order(request, cart, prices, shipping_cost)
        return shop_pb2.PlaceOrderResponse(order=self.orders[key])


def _converted(amount: shop_pb2.Money, code: str) -> shop_pb2.Money:
    if amount.currency_code == code:
        return amount
    return Money(code, Money.from_wire(amount).total_nanos * RATES_IN_MILLIONTHS[code] // 1_000_000).to_wire()


def _rounded(amount: shop_pb2.Money) -> shop_pb2.Money:
    return Money.from_wire(amount).rounded().to_wire()


@pytest.fixture
async def backends() -> AsyncIterator[Shop]:
    async with served(Shop()) as shop:
        yield shop


@pytest.fixture
def settings(backends: Shop) -> FrontendSettings:
    return FrontendSettings(
        ad_service_addr=backends.address,
        cart_service_addr=backends.address,
        checkout_service_addr=backends.address,
        currency_service_addr=backends.address,
        product_catalog_service_addr=backends.address,
        recommendation_service_addr=backends.address,
        shipping_service_addr=backends.address,
    )


@pytest.fixture
async def browser(settings: FrontendSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a cookie jar that does not follow redirects."""
    async with open_application(settings) as application:
        transport = httpx.ASGITransport(with_request_scope(application))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            yield client


@pytest.fixture
def cart(browser: httpx.AsyncClient, backends: Shop) -> dict[str, int]:
    """The browser's cart, with two mugs in it."""
    session_id = str(uuid.uuid4())
    browser.cookies.set("shop_session-id", session_id)
    return backends.carts.setdefault(session_id, {"6E92ZMYYFZ": 2})


@pytest.fixture
def order_form() -> dict[str, str]:
    return {
        "email": "ada@example.com",
        "street_address": "12 Analytical Row",
        "zip_code": "94043",
        "city": "London",
        "state": "",
        "country": "United Kingdom",
        "credit_card_number": "4432-8015-6152-0454",
        "credit_card_expiration_month": "1",
        "credit_card_expiration_year": "2039",
        "credit_card_cvv": "672",
    }


@pytest.fixture
def shown() -> Callable[[httpx.Response], str]:
    """Returns the text of a page's main element."""

    def text(page: httpx.Response) -> str:
        main = page.text.partition("<main")[2].partition("</main>")[0]
        return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))

    return text
