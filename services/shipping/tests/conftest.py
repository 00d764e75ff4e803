"""The shipping service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boutique_shipping.__main__ import open_service
from boutique_shipping.settings import ShippingSettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2_grpc


@pytest.fixture
async def shipping(serve: Serve) -> AsyncIterator[shop_pb2_grpc.ShippingServiceAsyncStub]:
    async with open_service(ShippingSettings()) as service:
        yield shop_pb2_grpc.ShippingServiceStub(await serve(service))
