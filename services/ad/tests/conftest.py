"""The ad service on a port of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boutique_ad.__main__ import open_service
from boutique_ad.settings import AdSettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2_grpc


@pytest.fixture
async def ad(serve: Serve) -> AsyncIterator[shop_pb2_grpc.AdServiceAsyncStub]:
    async with open_service(AdSettings()) as service:
        yield shop_pb2_grpc.AdServiceStub(await serve(service))
