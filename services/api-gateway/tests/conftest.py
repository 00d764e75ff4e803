"""A client of the gateway, and fakes of the five services behind it."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from aiohttp import web

from boutique_api_gateway.__main__ import open_application
from boutique_api_gateway.settings import GatewaySettings
from boutique_development_servers.processes import free_port, port_is_free, running
from boutique_runtime.http_serving import with_request_scope
from boutique_runtime.money import Money
from boutique_testing.catalog_and_cart import SHIPPING, CatalogAndCart, placed_order, product
from boutique_testing.fake_services import served
from hipstershop import shop_pb2

PICTURE = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


@dataclass
class Shop(CatalogAndCart):
    """The gRPC services behind the gateway."""

    products: list[shop_pb2.Product] = field(
        default_factory=lambda: [
            product("6E92ZMYYFZ", "Mug", 899, "mug.jpg", "kitchen", rating=4.1, reviews=40),
            product("L9ECAV7KIM", "Loafers", 8999, "loafers.jpg", "footwear", rating=4.1, reviews=12),
            product("OLJCESPC7Z", "Sunglasses", 1999, "sunglasses.jpg", "accessories", rating=4.6, reviews=128),
        ]
    )

    async def GetProducts(self, request: shop_pb2.GetProductsRequest, _: Any) -> shop_pb2.GetProductsResponse:  # noqa: N802
        found = [candidate for candidate in self.products if candidate.id in request.ids]
        return shop_pb2.GetProductsResponse(products=found)

    async def RemoveItem(self, request: shop_pb2.RemoveItemRequest, _: Any) -> shop_pb2.Empty:  # noqa: N802
        self.carts.get(request.user_id, {}).pop(request.product_id, None)
        return shop_pb2.Empty()

    async def QuoteOrder(self, request: shop_pb2.QuoteOrderRequest, context: Any) -> shop_pb2.QuoteOrderResponse:  # noqa: N802
        items_total = await self._items_total(request.user_id, context)
        return shop_pb2.QuoteOrderResponse(items_total=items_total.to_wire(), shipping_cost=SHIPPING.to_wire())

    async def PlaceOrder(self, request: shop_pb2.PlaceOrderRequest, context: Any) -> shop_pb2.PlaceOrderResponse:  # noqa: N802
        items_total = await self._items_total(request.user_id, context)
        agreed = Money.from_wire(request.agreed_items_total)
        if items_total != agreed:
            await context.abort(grpc.StatusCode.ABORTED, f"items_total: the cart comes to {items_total}, not {agreed}")
        prices = {candidate.id: candidate.price_usd for candidate in self.products}
        cart = self.carts.pop(request.user_id)
        return shop_pb2.PlaceOrderResponse(order=placed_order(request, cart, prices, SHIPPING.to_wire()))

    async def Charge(self, *_: Any) -> shop_pb2.ChargeResponse:  # noqa: N802
        return shop_pb2.ChargeResponse(transaction_id=str(uuid.uuid4()))

    async def _items_total(self, user_id: str, context: Any) -> Money:
        cart = self.carts.get(user_id)
        if not cart:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the cart is empty")
            raise AssertionError
        total = Money("USD", 0)
        for candidate in self.products:
            total += Money.from_wire(candidate.price_usd) * cart.get(candidate.id, 0)
        return total


@pytest.fixture
async def backends() -> AsyncIterator[Shop]:
    async with served(Shop()) as shop:
        yield shop


@pytest.fixture
def carts(backends: Shop) -> dict[str, dict[str, int]]:
    """Quantities by product id, by session id."""
    return backends.carts


@dataclass
class Pictures:
    """The content service, with one picture."""

    address: str = ""
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if request.path != "/mug.svg":
            failure = {"message": "failure", "reason": f"{request.path[1:]}: there is no such file"}
            return web.json_response(failure, status=404)
        headers = {"etag": '"1"', "cache-control": "public, max-age=3600"}
        if request.headers.get("if-none-match") == '"1"':
            return web.Response(status=304, headers=headers)
        return web.Response(body=PICTURE, content_type="image/svg+xml", headers=headers)


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    pictures = Pictures()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", pictures.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    pictures.address = f"{host}:{port}"
    yield pictures
    await runner.cleanup()


@pytest.fixture
def asked_for_pictures(pictures: Pictures) -> list[web.Request]:
    """Requests that the content service received."""
    return pictures.asked


@pytest.fixture
def settings(backends: Shop, pictures: Pictures) -> GatewaySettings:
    return GatewaySettings(
        product_catalog_service_addr=backends.address,
        cart_service_addr=backends.address,
        checkout_service_addr=backends.address,
        payment_service_addr=backends.address,
        content_addr=pictures.address,
    )


@pytest.fixture
async def client(settings: GatewaySettings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_application(settings) as application:
        transport = httpx.ASGITransport(with_request_scope(application), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            yield client


@pytest.fixture
async def port(settings: GatewaySettings, tmp_path: Path) -> AsyncIterator[int]:
    """The port of a gateway that runs as a process."""
    port = free_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "PRODUCT_CATALOG_SERVICE_ADDR": settings.product_catalog_service_addr,
        "CART_SERVICE_ADDR": settings.cart_service_addr,
        "CHECKOUT_SERVICE_ADDR": settings.checkout_service_addr,
        "PAYMENT_SERVICE_ADDR": settings.payment_service_addr,
        "CONTENT_ADDR": settings.content_addr,
    }
    log = tmp_path / "log"
    with running(
        [sys.executable, "-m", "boutique_api_gateway"],
        log=log,
        ready=lambda: not port_is_free(port),
        environment=environment,
    ):
        yield port


@pytest.fixture
def cart(client: httpx.AsyncClient, carts: dict[str, dict[str, int]]) -> dict[str, int]:
    """The cart of the client's session, with two mugs in it."""
    client.cookies.set("session_id", "s-1")
    return carts.setdefault("s-1", {"6E92ZMYYFZ": 2})


@pytest.fixture
def address() -> dict[str, Any]:
    return {
        "street_1": "12 Analytical Row",
        "street_2": "Flat 3",
        "city": "London",
        "state": "",
        "postal_code": "SW1A 1AA",
        "country": "United Kingdom",
    }


@pytest.fixture
def card() -> dict[str, Any]:
    return {
        "name": "Ada Lovelace",
        "number": "4432-8015-6152-0454",
        "expiration": "01/39",
        "security_code": "672",
        "postal_code": "SW1A 1AA",
    }


@pytest.fixture
def order(address: dict[str, Any], card: dict[str, Any]) -> dict[str, Any]:
    """An order for the two mugs of `cart`."""
    return {
        "amount": 17.98,
        "email": "ada@example.com",
        "shipping": {"address": address},
        "billing": {"address": dict(address), "card": card},
    }
