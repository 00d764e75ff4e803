"""The catalog service on a real Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from boutique_catalog.__main__ import open_service
from boutique_catalog.migration import prepare
from boutique_catalog.settings import CatalogSettings
from boutique_development_servers.postgres import PostgresServer, start_replica
from boutique_runtime.migration import migrate
from boutique_runtime.postgres import PostgresSettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2_grpc

OpenCatalog = Callable[[CatalogSettings], Awaitable["shop_pb2_grpc.ProductCatalogServiceAsyncStub"]]


@pytest.fixture
def settings(postgres_server: PostgresServer, postgres_database: str) -> CatalogSettings:
    """Returns settings with an empty database on a primary without a replica."""
    return CatalogSettings(
        product_data=PostgresSettings(
            addr=postgres_server.address,
            database=postgres_database,
            username="postgres",
            password=SecretStr("unused"),
        ),
        cache_seconds=0.1,
    )


@pytest.fixture
def replica(postgres_server: PostgresServer, postgres_database: str) -> Iterator[PostgresServer]:
    """Starts a streaming replica of the database of `settings`."""
    with start_replica(postgres_server) as server:
        postgres_server.wait_for_replica(server)
        yield server


@pytest.fixture
async def open_catalog(serve: Serve, postgres_database: str) -> AsyncIterator[OpenCatalog]:
    """Returns a function that serves a catalog and, once it is ready, returns a stub for it."""
    async with AsyncExitStack() as stack:

        async def open_one(settings: CatalogSettings) -> shop_pb2_grpc.ProductCatalogServiceAsyncStub:
            service = await stack.enter_async_context(open_service(settings))
            assert service.ready is not None
            await asyncio.wait_for(service.ready.wait(), timeout=30)
            return shop_pb2_grpc.ProductCatalogServiceStub(await serve(service))

        yield open_one


@pytest.fixture
async def migrated(settings: CatalogSettings) -> CatalogSettings:
    """Returns `settings`, with the schema and the products in the database."""
    await migrate(settings.product_data, "catalog", prepare)
    return settings


@pytest.fixture
async def catalog(open_catalog: OpenCatalog, migrated: CatalogSettings) -> shop_pb2_grpc.ProductCatalogServiceAsyncStub:
    return await open_catalog(migrated)
