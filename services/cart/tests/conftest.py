"""The cart service on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from boutique_cart.__main__ import open_service
from boutique_cart.settings import CartSettings
from boutique_runtime.redis import RedisSettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2_grpc


@pytest.fixture
def settings(redis_address: str) -> CartSettings:
    """Returns settings for one empty Redis without a password."""
    return CartSettings(redis=RedisSettings(addr=redis_address, username="default", password=SecretStr("unused")))


@pytest.fixture
async def cart(settings: CartSettings, serve: Serve) -> AsyncIterator[shop_pb2_grpc.CartServiceAsyncStub]:
    async with open_service(settings) as service:
        yield shop_pb2_grpc.CartServiceStub(await serve(service))
