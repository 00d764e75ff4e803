"""Products in Postgres: read from the replica, or from the primary where the replica cannot answer."""

import asyncio
import contextlib
import importlib.resources
import logging
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from boutique_catalog.product import Product, products_to_json
from boutique_catalog.settings import CatalogSettings
from boutique_shared.deadlines import within_deadline
from boutique_shared.errors import UnavailableError
from boutique_shared.postgres import create_pool

_log = logging.getLogger(__name__)

_READ_SECONDS = 2
_SEED_SECONDS = 30
_REPLICA_REST_SECONDS = 10
_MAXIMUM_CONNECTIONS = 4

_SCHEMA = (importlib.resources.files("boutique_catalog") / "schema.sql").read_text()

# An operator class is looked up by search path, and the extension may have been created elsewhere before.
_SEARCH_INDEX = """
SET LOCAL search_path = catalog, public;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX IF NOT EXISTS products_search
    ON catalog.products USING gin (name gin_trgm_ops, description gin_trgm_ops);
"""

_SEED_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('catalog.products', 0))"

_WRITE = """
INSERT INTO catalog.products AS present (id, name, description, picture, price_usd, categories, position)
SELECT *
FROM ROWS FROM (
    jsonb_to_recordset($1::jsonb)
    AS (id text, name text, description text, picture text, price_usd numeric, categories text[])
) WITH ORDINALITY
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    description = excluded.description,
    picture = excluded.picture,
    price_usd = excluded.price_usd,
    categories = excluded.categories,
    position = excluded.position
WHERE present IS DISTINCT FROM excluded
"""

_REMOVE_OTHERS = "DELETE FROM catalog.products WHERE id <> ALL ($1::text[])"

_READ = "SELECT id, name, description, picture, price_usd, categories FROM catalog.products"
_READ_ALL = f"{_READ} ORDER BY position, id"
_SEARCH = f"{_READ} WHERE name ILIKE $1 OR description ILIKE $1 ORDER BY position, id"


class ProductStore:
    """Raises UnavailableError from every method when Postgres does not answer in time."""

    def __init__(self, primary: asyncpg.Pool, replica: asyncpg.Pool | None) -> None:
        self._primary = primary
        self._replica = replica
        self._replica_rests_until = 0.0

    async def seed(self, products: Sequence[Product]) -> None:
        """Makes the table, if need be, and its content equal to `products`. Safe where several do so at once."""
        async with _connection(self._primary, _SEED_SECONDS) as connection, connection.transaction():
            await connection.execute(_SEED_LOCK)
            await connection.execute(_SCHEMA)
            await _index_search(connection)
            await connection.execute(_REMOVE_OTHERS, [product.id for product in products])
            await connection.execute(_WRITE, products_to_json(products))

    async def all(self) -> list[Product]:
        """In the order in which the shop shows them."""
        return await self._read(_READ_ALL)

    async def search(self, query: str) -> list[Product]:
        """Those with the query in their name or description, in whatever case, in the order of `all`."""
        literal = re.sub(r"([\\%_])", r"\\\1", query)
        return await self._read(_SEARCH, f"%{literal}%")

    async def _read(self, statement: str, *arguments: str) -> list[Product]:
        now = asyncio.get_running_loop().time()
        if self._replica and now >= self._replica_rests_until:
            try:
                return await _read_from(self._replica, statement, *arguments)
            except UnavailableError as error:
                # A replica that is lost in silence must not cost every reader its timeout.
                self._replica_rests_until = now + _REPLICA_REST_SECONDS
                _log.warning("reading from the primary", extra={"reason": f"replica: {error}"})
        return await _read_from(self._primary, statement, *arguments)


@contextlib.asynccontextmanager
async def open_store(settings: CatalogSettings) -> AsyncIterator[ProductStore]:
    """Connects when first used, so that the service starts while Postgres is away."""
    async with contextlib.AsyncExitStack() as stack:
        primary = await stack.enter_async_context(_pool(settings, settings.product_data_addr))
        replica = None
        if settings.product_data_replica_addr:
            replica = await stack.enter_async_context(_pool(settings, settings.product_data_replica_addr))
        yield ProductStore(primary, replica)


def _pool(settings: CatalogSettings, address: str) -> asyncpg.Pool:
    return create_pool(settings, address, service="catalog", connections=_MAXIMUM_CONNECTIONS)


@contextlib.asynccontextmanager
async def _connection(pool: asyncpg.Pool, timeout_seconds: float) -> AsyncIterator[Any]:
    """For as long as the timeout, shortened to the caller's deadline, allows."""
    seconds = within_deadline(timeout_seconds)
    try:
        async with asyncio.timeout(seconds), pool.acquire(timeout=seconds) as connection:
            yield connection
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if (task := asyncio.current_task()) and task.cancelling():
            # Of a connection that fails just then, asyncpg raises the failure in place of the cancellation.
            raise asyncio.CancelledError from error
        raise UnavailableError(f"the product store does not answer: {type(error).__name__}") from error


async def _read_from(pool: asyncpg.Pool, statement: str, *arguments: str) -> list[Product]:
    async with _connection(pool, _READ_SECONDS) as connection:
        return [Product(**row) for row in await connection.fetch(statement, *arguments)]


async def _index_search(connection: Any) -> None:
    try:
        async with connection.transaction():
            await connection.execute(_SEARCH_INDEX)
    except asyncpg.PostgresError as error:
        _log.warning("searching without an index", extra={"reason": str(error)})
