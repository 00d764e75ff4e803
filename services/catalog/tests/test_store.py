"""The catalog and its Postgres: migration, changes, replicas and outages."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boutique_catalog.__main__ import open_service
from boutique_catalog.migration import prepare
from boutique_catalog.product import load_products
from boutique_catalog.store import open_store
from boutique_development_servers.postgres import PostgresServer, start_postgres
from boutique_development_servers.processes import free_port
from boutique_runtime.deadlines import set_deadline
from boutique_runtime.errors import UnavailableError
from boutique_runtime.migration import migrate
from boutique_runtime.postgres import create_pool
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from boutique_catalog.settings import CatalogSettings
    from boutique_testing.plugin import Serve

    Catalog = shop_pb2_grpc.ProductCatalogServiceAsyncStub
    OpenCatalog = Callable[[CatalogSettings], Awaitable[Catalog]]

PRODUCTS = load_products()
MUG = "6E92ZMYYFZ"
NO_INDEX = "searching without an index"

OLD_SCHEMA = """
CREATE SCHEMA catalog;
CREATE TABLE catalog.products (
    id text PRIMARY KEY,
    position integer NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    picture text NOT NULL,
    price_usd numeric(12, 2) NOT NULL CHECK (price_usd BETWEEN 0 AND 1000000),
    categories text[] NOT NULL
);
INSERT INTO catalog.products
VALUES
    ('6E92ZMYYFZ', 0, 'Mug', 'A mug.', '/mug.svg', 7.5, '{kitchen}'),
    ('OLD', 1, 'Old', 'Gone.', '/old.svg', 5, '{}');
"""
"""The schema before there were ratings."""
OLD_READ = "SELECT id, name, description, picture, price_usd, categories FROM catalog.products ORDER BY position, id"


def changed(settings: CatalogSettings, **changes: object) -> CatalogSettings:
    return settings.model_copy(update={"product_data": settings.product_data.model_copy(update=changes)})


async def listed(catalog: Catalog) -> list[shop_pb2.Product]:
    return list((await catalog.ListProducts(shop_pb2.Empty())).products)


async def searched(catalog: Catalog, query: str) -> list[str]:
    answer = await catalog.SearchProducts(shop_pb2.SearchProductsRequest(query=query))
    return [product.name for product in answer.results]


async def health_of(channel: grpc.aio.Channel) -> int:
    check = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
    return int((await check).status)


@pytest.fixture
def ask(postgres_server: PostgresServer, postgres_database: str) -> Callable[[str], str]:
    """Returns a function that runs a statement in the database of `settings`, as an operator would."""
    return lambda statement: postgres_server.ask(statement, postgres_database)


class SilentServer:
    """Accepts connections and never responds, like a machine that has failed."""

    def __init__(self) -> None:
        self.connections = 0
        self.address = ""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.read()
        writer.close()


@pytest.fixture
async def silent_server() -> AsyncIterator[SilentServer]:
    silent = SilentServer()
    async with await asyncio.start_server(silent.accept, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        silent.address = f"{host}:{port}"
        yield silent


# ---- The migration ----


async def test_a_migration_changes_the_table_to_match_the_file(
    migrated: CatalogSettings, ask: Callable[[str], str]
) -> None:
    async with open_store(migrated.product_data) as store:
        assert await store.all() == PRODUCTS
        ask(f"UPDATE catalog.products SET price_usd = 1, categories = '{{odd}}' WHERE id = '{MUG}'")
        ask("UPDATE catalog.products SET rating = 1, reviews = 1 WHERE id = 'D4NRX7TQ8G'")
        ask("UPDATE catalog.products SET position = 99 WHERE id = 'OLJCESPC7Z'")
        ask("DELETE FROM catalog.products WHERE id = '1YMWWN1N4O'")
        ask("INSERT INTO catalog.products VALUES ('OLD', 0, 'Old', 'Gone.', '/old.svg', 5, '{}')")
        assert await store.all() != PRODUCTS
        await migrate(migrated.product_data, "catalog", prepare)
        assert await store.all() == PRODUCTS


async def test_a_migration_writes_nothing_if_nothing_has_changed(
    migrated: CatalogSettings, ask: Callable[[str], str]
) -> None:
    versions = "SELECT id, xmin FROM catalog.products ORDER BY id"
    before = ask(versions)
    await migrate(migrated.product_data, "catalog", prepare)
    assert ask(versions) == before


def test_the_migration_runs_as_a_process(settings: CatalogSettings, ask: Callable[[str], str]) -> None:
    store = settings.product_data.model_dump(exclude_unset=True)
    variables = {f"PRODUCT_DATA_{name.upper()}": str(value) for name, value in store.items()}
    environment = os.environ | variables | {"PRODUCT_DATA_PASSWORD": "unused"}
    subprocess.run([sys.executable, "-m", "boutique_catalog.migration"], check=True, env=environment)
    assert ask("SELECT count(*) FROM catalog.products") == str(len(PRODUCTS))


async def test_a_table_without_ratings_is_upgraded_in_place_and_only_once(
    settings: CatalogSettings, ask: Callable[[str], str]
) -> None:
    ask(OLD_SCHEMA)
    await migrate(settings.product_data, "catalog", prepare)
    async with open_store(settings.product_data) as store:
        assert await store.all() == PRODUCTS
    shape = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'catalog.products'::regclass"
    upgraded = ask(shape)
    await migrate(settings.product_data, "catalog", prepare)
    assert ask(shape) == upgraded
    ask("DROP SCHEMA catalog CASCADE")
    await migrate(settings.product_data, "catalog", prepare)
    assert ask(shape) == upgraded


async def test_the_old_version_of_the_service_can_read_and_write_after_the_upgrade(
    settings: CatalogSettings, ask: Callable[[str], str]
) -> None:
    ask(OLD_SCHEMA)
    address, credentials = settings.product_data.addr, settings.product_data.credentials()
    async with create_pool(settings.product_data, address, credentials, service="old", connections=1) as old:
        assert [row["id"] for row in await old.fetch(OLD_READ)] == [MUG, "OLD"]
        await migrate(settings.product_data, "catalog", prepare)
        assert [row["id"] for row in await old.fetch(OLD_READ)] == [product.id for product in PRODUCTS]
        await old.execute("INSERT INTO catalog.products VALUES ('NEW', 99, 'New', 'Now.', '/new.svg', 5, '{}')")
    async with open_store(settings.product_data) as store:
        *_, unrated = await store.all()
    assert (unrated.id, unrated.rating, unrated.reviews) == ("NEW", Decimal(0), 0)


@pytest.mark.parametrize(
    ("rating", "reviews"), [("0.9", 1), ("5.1", 1), ("-1", 1), ("NaN", 1), ("4.5", 0), ("0", 7), ("4.5", -1), ("0", -1)]
)
async def test_the_table_refuses_a_rating_out_of_range_or_without_reviews(
    migrated: CatalogSettings, ask: Callable[[str], str], rating: str, reviews: int
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        ask(f"UPDATE catalog.products SET rating = '{rating}', reviews = {reviews} WHERE id = '{MUG}'")
    assert "check constraint" in refusal.value.stderr


async def test_the_table_refuses_a_price_that_is_not_a_number(
    migrated: CatalogSettings, ask: Callable[[str], str]
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        ask(f"UPDATE catalog.products SET price_usd = 'NaN' WHERE id = '{MUG}'")
    assert "check constraint" in refusal.value.stderr


async def test_without_trigrams_the_search_works_and_a_warning_is_logged(
    settings: CatalogSettings, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(settings.product_data, "catalog", prepare)
    async with open_store(settings.product_data) as store:
        assert [product.id for product in await store.search("mug")] == [MUG]
    (warning,) = [record for record in caplog.records if record.message == NO_INDEX]
    assert "pg_trgm" in warning.reason  # type: ignore[attr-defined]


def installed_programs() -> Path | None:
    """Returns the directory of this machine's Postgres, if it has one. On Debian it is not on the search path."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found = str(candidates[-1]) if candidates else shutil.which("postgres")
    return Path(found).parent if found else None


@pytest.mark.skipif(
    installed_programs() is None, reason="needs a Postgres with pg_trgm, which the Python package does not have"
)
async def test_with_trigrams_the_search_uses_its_index(settings: CatalogSettings) -> None:
    with start_postgres(installed_programs()) as server, server.new_database() as database:
        there = changed(settings, addr=server.address, database=database)
        await migrate(there.product_data, "catalog", prepare)
        await migrate(there.product_data, "catalog", prepare)
        async with open_store(there.product_data) as store:
            assert [product.id for product in await store.search("mug")] == [MUG]
        plan = server.ask(
            "SET enable_seqscan = off; EXPLAIN SELECT id FROM catalog.products"
            " WHERE name ILIKE '%teapot%' OR description ILIKE '%teapot%'",
            database,
        )
    assert plan.count("Bitmap Index Scan on products_search") == 2


# ---- Changes and outages ----


async def test_a_change_in_postgres_is_seen_without_a_restart(catalog: Catalog, ask: Callable[[str], str]) -> None:
    ask(f"UPDATE catalog.products SET price_usd = 7.25 WHERE id = '{MUG}'")
    expected = shop_pb2.Money(currency_code="USD", units=7, nanos=250_000_000)
    async with asyncio.timeout(30):
        while expected != (await catalog.GetProduct(shop_pb2.GetProductRequest(id=MUG))).price_usd:
            pass


async def test_the_service_starts_without_its_database_and_serves_once_it_exists(
    postgres_server: PostgresServer, settings: CatalogSettings, serve: Serve
) -> None:
    early = changed(settings, database="test_made_late")
    async with open_service(early) as service:
        assert service.ready is not None
        channel = await serve(service)
        catalog = shop_pb2_grpc.ProductCatalogServiceStub(channel)
        assert await health_of(channel) == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await catalog.ListProducts(shop_pb2.Empty())
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        postgres_server.ask("CREATE DATABASE test_made_late")
        try:
            await migrate(early.product_data, "catalog", prepare)
            await asyncio.wait_for(service.ready.wait(), timeout=30)
            assert await listed(catalog) == [product.wire for product in PRODUCTS]
            assert await health_of(channel) == health_pb2.HealthCheckResponse.SERVING
        finally:
            postgres_server.ask("DROP DATABASE test_made_late WITH (FORCE)")


async def test_every_read_survives_the_loss_of_postgres(open_catalog: OpenCatalog, settings: CatalogSettings) -> None:
    with start_postgres() as server:
        without_replica = changed(settings, addr=server.address, database="postgres")
        await migrate(without_replica.product_data, "catalog", prepare)
        catalog = await open_catalog(without_replica)
        server.stop()
        assert await listed(catalog) == [product.wire for product in PRODUCTS]
        assert (await catalog.GetProduct(shop_pb2.GetProductRequest(id=MUG))).name == "Mug"
        assert await searched(catalog, "TEAPOT") == ["Ceramic Teapot"]
        assert await searched(catalog, "%") == []


async def test_with_tls_an_unencrypted_server_is_refused(migrated: CatalogSettings) -> None:
    async with open_store(changed(migrated, tls=True).product_data) as store:
        with pytest.raises(UnavailableError):
            await store.all()


async def test_without_a_schema_the_error_names_the_migration(settings: CatalogSettings, serve: Serve) -> None:
    async with open_store(settings.product_data) as store:
        with pytest.raises(UnavailableError, match=r"has no schema: `python3 -m boutique_catalog\.migration`"):
            await store.all()
    async with open_service(settings) as service:
        assert await health_of(await serve(service)) == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_read_ends_at_the_callers_deadline(settings: CatalogSettings, silent_server: SilentServer) -> None:
    silent = changed(settings, addr=silent_server.address)
    async with open_store(silent.product_data, read_seconds=3600) as store:
        set_deadline(0.1)
        async with asyncio.timeout(30):
            with pytest.raises(UnavailableError, match="TimeoutError"):
                await store.search("mug")


# ---- The replica ----


async def test_the_replica_is_read_and_if_it_is_down_the_primary(
    postgres_server: PostgresServer, replica: PostgresServer, migrated: CatalogSettings, ask: Callable[[str], str]
) -> None:
    async with open_store(changed(migrated, replica_addr=replica.address).product_data) as store:
        postgres_server.wait_for_replica(replica)
        replica.ask("SELECT pg_wal_replay_pause()")
        ask(f"UPDATE catalog.products SET name = 'Beaker' WHERE id = '{MUG}'")
        assert [product.name for product in await store.search("mug")] == ["Mug"]
        assert await store.all() == PRODUCTS
        replica.stop()
        assert [product.name for product in await store.search("beaker")] == ["Beaker"]


async def test_the_primary_is_read_while_the_replica_does_not_have_the_table(
    replica: PostgresServer, settings: CatalogSettings
) -> None:
    replica.ask("SELECT pg_wal_replay_pause()")
    await migrate(settings.product_data, "catalog", prepare)
    async with open_store(changed(settings, replica_addr=replica.address).product_data) as store:
        assert await store.all() == PRODUCTS


async def test_the_primary_is_read_while_the_replica_does_not_have_the_ratings(
    postgres_server: PostgresServer, replica: PostgresServer, settings: CatalogSettings, ask: Callable[[str], str]
) -> None:
    ask(OLD_SCHEMA)
    postgres_server.wait_for_replica(replica)
    replica.ask("SELECT pg_wal_replay_pause()")
    await migrate(settings.product_data, "catalog", prepare)
    async with open_store(changed(settings, replica_addr=replica.address).product_data) as store:
        assert await store.all() == PRODUCTS


async def test_the_service_starts_from_the_replica_while_the_primary_is_down(
    postgres_server: PostgresServer, replica: PostgresServer, migrated: CatalogSettings, open_catalog: OpenCatalog
) -> None:
    postgres_server.wait_for_replica(replica)
    catalog = await open_catalog(changed(migrated, addr=f"127.0.0.1:{free_port()}", replica_addr=replica.address))
    assert await listed(catalog) == [product.wire for product in PRODUCTS]


async def test_a_replica_that_does_not_respond_is_not_read_for_a_while(
    migrated: CatalogSettings, silent_server: SilentServer
) -> None:
    silent = changed(migrated, replica_addr=silent_server.address)
    async with open_store(silent.product_data, replica_pause_seconds=3600) as store:
        assert await store.all() == PRODUCTS
        assert await store.all() == PRODUCTS
    assert silent_server.connections == 1
