"""The cart service on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boutique_cart.__main__ import open_service
from boutique_cart.settings import CartSettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2_grpc


@pytest.fixture
async def cart(redis_address: str, serve: Serve) -> AsyncIterator[shop_pb2_grpc.CartServiceAsyncStub]:
    async with open_service(CartSettings(redis_addr=redis_address)) as service:
        yield shop_pb2_grpc.CartServiceStub(await serve(service))
