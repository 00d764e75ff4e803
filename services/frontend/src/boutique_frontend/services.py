"""Calls to the services behind the storefront, each with its timeout in seconds."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from boutique_frontend.settings import FrontendSettings
from boutique_runtime.clients import MethodWithFallback, call, open_stub
from boutique_runtime.idempotency import IDEMPOTENCY_KEY
from boutique_runtime.money import Money
from hipstershop import shop_pb2, shop_pb2_grpc

# Long enough for a replica that is being replaced to come back.
REQUIRED_TIMEOUT = 10.0
CHECKOUT_TIMEOUT = 20.0
# Pages can do without the result.
OPTIONAL_TIMEOUT = 1.0
BEST_EFFORT_TIMEOUT = 0.25

_log = logging.getLogger(__name__)


@dataclass
class Services:
    """Stubs of the services. Methods raise grpc.aio.AioRpcError unless they say otherwise."""

    ad: shop_pb2_grpc.AdServiceAsyncStub
    cart: shop_pb2_grpc.CartServiceAsyncStub
    catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub
    checkout: shop_pb2_grpc.CheckoutServiceAsyncStub
    currency: shop_pb2_grpc.CurrencyServiceAsyncStub
    recommendation: shop_pb2_grpc.RecommendationServiceAsyncStub
    shipping: shop_pb2_grpc.ShippingServiceAsyncStub

    def __post_init__(self) -> None:
        self._convert = MethodWithFallback(
            self.currency.ConvertMany, self._convert_one_by_one, timeout_seconds=REQUIRED_TIMEOUT
        )
        self._set_item = MethodWithFallback(self.cart.SetItem, self._replace_cart, timeout_seconds=REQUIRED_TIMEOUT)

    async def list_products(self) -> Sequence[shop_pb2.Product]:
        """Returns all products. Raises grpc.aio.AioRpcError."""
        answer = await call(self.catalog.ListProducts, shop_pb2.Empty(), timeout_seconds=REQUIRED_TIMEOUT)
        return answer.products

    async def get_product(self, product_id: str) -> shop_pb2.Product:
        """Returns a product. Raises grpc.aio.AioRpcError, with NOT_FOUND for an unknown id."""
        request = shop_pb2.GetProductRequest(id=product_id)
        return await call(self.catalog.GetProduct, request, timeout_seconds=REQUIRED_TIMEOUT)

    async def search_products(self, query: str) -> list[str]:
        """Returns product ids in the catalog's order."""
        request = shop_pb2.SearchProductsRequest(query=query)
        answer = await call(self.catalog.SearchProducts, request, timeout_seconds=REQUIRED_TIMEOUT)
        return [product.id for product in answer.results]

    async def supported_currencies(self) -> frozenset[str]:
        """Returns the codes of all currencies with a rate. Raises grpc.aio.AioRpcError."""
        answer = await call(self.currency.GetSupportedCurrencies, shop_pb2.Empty(), timeout_seconds=OPTIONAL_TIMEOUT)
        return frozenset(answer.currency_codes)

    async def convert(self, amounts: Iterable[shop_pb2.Money], currency: str) -> list[Money]:
        """Returns the amounts in `currency`, in the same order."""
        amounts = list(amounts)
        if all(amount.currency_code == currency for amount in amounts):
            return [Money.from_wire(amount) for amount in amounts]
        answer = await self._convert(shop_pb2.ConvertManyRequest(to_code=currency, **{"from": amounts}))
        return [Money.from_wire(amount) for amount in answer.amounts]

    async def _convert_one_by_one(self, request: shop_pb2.ConvertManyRequest) -> shop_pb2.ConvertManyResponse:
        converted = []
        for amount in getattr(request, "from"):
            one = shop_pb2.CurrencyConversionRequest(to_code=request.to_code, **{"from": amount})
            converted.append(await call(self.currency.Convert, one, timeout_seconds=REQUIRED_TIMEOUT))
        return shop_pb2.ConvertManyResponse(amounts=converted)

    async def get_cart(self, session_id: str, timeout_seconds: float = REQUIRED_TIMEOUT) -> dict[str, int]:
        """Returns quantities by product id."""
        request = shop_pb2.GetCartRequest(user_id=session_id)
        answer = await call(self.cart.GetCart, request, timeout_seconds=timeout_seconds)
        return {item.product_id: item.quantity for item in answer.items}

    async def add_to_cart(self, session_id: str, product_id: str, quantity: int) -> None:
        """Adds pieces of a product to the cart. Raises grpc.aio.AioRpcError."""
        await call(self.cart.AddItem, _cart_item(session_id, product_id, quantity), timeout_seconds=REQUIRED_TIMEOUT)

    async def set_in_cart(self, session_id: str, product_id: str, quantity: int) -> None:
        """Sets the quantity of a product; 0 removes it."""
        await self._set_item(_cart_item(session_id, product_id, quantity))

    async def _replace_cart(self, request: shop_pb2.AddItemRequest) -> shop_pb2.Empty:
        wanted = await self.get_cart(request.user_id) | {request.item.product_id: request.item.quantity}
        await self.empty_cart(request.user_id)
        for product_id, quantity in wanted.items():
            if quantity > 0:
                await self.add_to_cart(request.user_id, product_id, quantity)
        return shop_pb2.Empty()

    async def empty_cart(self, session_id: str) -> None:
        """Removes all products from the cart. Raises grpc.aio.AioRpcError."""
        request = shop_pb2.EmptyCartRequest(user_id=session_id)
        await call(self.cart.EmptyCart, request, timeout_seconds=REQUIRED_TIMEOUT)

    async def quote_shipping(self, quantities: Mapping[str, int], timeout_seconds: float) -> shop_pb2.Money:
        """Returns the shipping cost in USD. The destination is not known yet."""
        items = [shop_pb2.CartItem(product_id=id_, quantity=quantity) for id_, quantity in quantities.items()]
        request = shop_pb2.GetQuoteRequest(address=shop_pb2.Address(), items=items)
        return (await call(self.shipping.GetQuote, request, timeout_seconds=timeout_seconds)).cost_usd

    async def place_order(self, request: shop_pb2.PlaceOrderRequest, idempotency_key: str) -> shop_pb2.OrderResult:
        """Returns the earlier order, and charges nothing, if the key was used before."""
        answer = await call(
            self.checkout.PlaceOrder,
            request,
            timeout_seconds=CHECKOUT_TIMEOUT,
            metadata=((IDEMPOTENCY_KEY, idempotency_key),),
        )
        return answer.order

    async def recommend(self, session_id: str, product_ids: Iterable[str]) -> Sequence[str]:
        """Returns ids of other products, or none if the service fails or is slow."""
        request = shop_pb2.ListRecommendationsRequest(user_id=session_id, product_ids=product_ids)
        method = self.recommendation.ListRecommendations
        try:
            return (await call(method, request, timeout_seconds=BEST_EFFORT_TIMEOUT)).product_ids
        except grpc.aio.AioRpcError as error:
            _log.warning("no recommendations", extra={"code": error.code().name, "reason": error.details()})
            return ()

    async def get_ads(self, categories: Iterable[str]) -> Sequence[shop_pb2.Ad]:
        """Returns no ads if the service fails or is slow."""
        request = shop_pb2.AdRequest(context_keys=categories)
        try:
            return (await call(self.ad.GetAds, request, timeout_seconds=BEST_EFFORT_TIMEOUT)).ads
        except grpc.aio.AioRpcError as error:
            _log.warning("no ads", extra={"code": error.code().name, "reason": error.details()})
            return ()


def _cart_item(session_id: str, product_id: str, quantity: int) -> shop_pb2.AddItemRequest:
    item = shop_pb2.CartItem(product_id=product_id, quantity=quantity)
    return shop_pb2.AddItemRequest(user_id=session_id, item=item)


@asynccontextmanager
async def open_services(settings: FrontendSettings) -> AsyncIterator[Services]:
    """Yields clients of all services at the addresses of the settings."""
    async with (
        open_stub(shop_pb2_grpc.AdServiceStub, settings.ad_service_addr) as ad,
        open_stub(shop_pb2_grpc.CartServiceStub, settings.cart_service_addr) as cart,
        open_stub(shop_pb2_grpc.ProductCatalogServiceStub, settings.product_catalog_service_addr) as catalog,
        open_stub(shop_pb2_grpc.CheckoutServiceStub, settings.checkout_service_addr) as checkout,
        open_stub(shop_pb2_grpc.CurrencyServiceStub, settings.currency_service_addr) as currency,
        open_stub(shop_pb2_grpc.RecommendationServiceStub, settings.recommendation_service_addr) as recommendation,
        open_stub(shop_pb2_grpc.ShippingServiceStub, settings.shipping_service_addr) as shipping,
    ):
        yield Services(ad, cart, catalog, checkout, currency, recommendation, shipping)
