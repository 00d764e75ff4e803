"""The services behind the gateway, and how long each kind of question to them may take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import grpc
from fastapi import Depends, Request

from boutique_api_gateway.settings import GatewaySettings
from boutique_shared.brokering import Broker, open_broker
from boutique_shared.clients import open_channel
from hipstershop import shop_pb2, shop_pb2_grpc

READ_SECONDS = 5.0
ORDER_SECONDS = 20.0


@dataclass(frozen=True)
class Services:
    cart: shop_pb2_grpc.CartServiceAsyncStub
    catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub
    checkout: shop_pb2_grpc.CheckoutServiceAsyncStub
    payment: shop_pb2_grpc.PaymentServiceAsyncStub
    content: Broker


@asynccontextmanager
async def open_services(settings: GatewaySettings) -> AsyncIterator[Services]:
    """Connects when first used, so that the services can start in any order."""
    async with AsyncExitStack() as stack:

        async def connect(service: str, address: str) -> grpc.aio.Channel:
            return await stack.enter_async_context(open_channel(address, shop_pb2.DESCRIPTOR.services_by_name[service]))

        yield Services(
            cart=shop_pb2_grpc.CartServiceStub(await connect("CartService", settings.cart_service_addr)),
            catalog=shop_pb2_grpc.ProductCatalogServiceStub(
                await connect("ProductCatalogService", settings.product_catalog_service_addr)
            ),
            checkout=shop_pb2_grpc.CheckoutServiceStub(
                await connect("CheckoutService", settings.checkout_service_addr)
            ),
            payment=shop_pb2_grpc.PaymentServiceStub(await connect("PaymentService", settings.payment_service_addr)),
            content=await stack.enter_async_context(open_broker(settings.content_addr)),
        )


async def _of_application(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Neighbours = Annotated[Services, Depends(_of_application)]
"""As a handler asks for them."""
