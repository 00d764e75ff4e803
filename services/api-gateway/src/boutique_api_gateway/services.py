"""The services behind the gateway, and the timeouts of calls to them in seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from boutique_api_gateway.settings import GatewaySettings
from boutique_runtime.clients import open_stub
from boutique_runtime.reverse_proxy import ReverseProxy, open_reverse_proxy
from hipstershop import shop_pb2_grpc

READ_TIMEOUT = 5.0
ORDER_TIMEOUT = 20.0


@dataclass(frozen=True)
class Services:
    """Clients of the services behind the gateway."""

    cart: shop_pb2_grpc.CartServiceAsyncStub
    catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub
    checkout: shop_pb2_grpc.CheckoutServiceAsyncStub
    payment: shop_pb2_grpc.PaymentServiceAsyncStub
    content: ReverseProxy


@asynccontextmanager
async def open_services(settings: GatewaySettings) -> AsyncIterator[Services]:
    """Opens the services. Connections are made on first use, so that services can start in any order."""
    async with (
        open_stub(shop_pb2_grpc.CartServiceStub, settings.cart_service_addr) as cart,
        open_stub(shop_pb2_grpc.ProductCatalogServiceStub, settings.product_catalog_service_addr) as catalog,
        open_stub(shop_pb2_grpc.CheckoutServiceStub, settings.checkout_service_addr) as checkout,
        open_stub(shop_pb2_grpc.PaymentServiceStub, settings.payment_service_addr) as payment,
        open_reverse_proxy(settings.content_addr) as content,
    ):
        yield Services(cart, catalog, checkout, payment, content)


async def _from_application(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


InjectedServices = Annotated[Services, Depends(_from_application)]
"""The services, as a parameter of a handler."""
