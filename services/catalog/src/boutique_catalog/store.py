"""Products in Postgres: read from the replica, or from the primary where the replica cannot answer."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from boutique_catalog.product import Product
from boutique_catalog.settings import CatalogSettings
from boutique_runtime.deadlines import clamp_to_deadline
from boutique_runtime.errors import UnavailableError
from boutique_runtime.postgres import create_pool

_log = logging.getLogger(__name__)

_READ_SECONDS = 2
_REPLICA_REST_SECONDS = 10
_MAXIMUM_CONNECTIONS = 4

_NO_SCHEMA = "the product store has no schema: `python3 -m boutique_catalog.migration` makes it"

_READ = "SELECT id, name, description, picture, price_usd, categories, rating, reviews FROM catalog.products"
_READ_ALL = f"{_READ} ORDER BY position, id"
_SEARCH = f"{_READ} WHERE name ILIKE $1 OR description ILIKE $1 ORDER BY position, id"


class ProductStore:
    """Raises UnavailableError from every method when Postgres does not answer in time."""

    def __init__(self, primary: asyncpg.Pool, replica: asyncpg.Pool | None) -> None:
        self._primary = primary
        self._replica = replica
        self._replica_rests_until = 0.0

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
    credentials = settings.credentials()
    async with contextlib.AsyncExitStack() as stack:

        async def connect(address: str) -> asyncpg.Pool:
            pool = create_pool(settings, address, credentials, service="catalog", connections=_MAXIMUM_CONNECTIONS)
            return await stack.enter_async_context(pool)

        primary = await connect(settings.product_data_addr)
        replica = await connect(settings.product_data_replica_addr) if settings.product_data_replica_addr else None
        yield ProductStore(primary, replica)


@contextlib.asynccontextmanager
async def _connection(pool: asyncpg.Pool, timeout_seconds: float) -> AsyncIterator[Any]:
    """For as long as the timeout, shortened to the caller's deadline, allows."""
    seconds = clamp_to_deadline(timeout_seconds)
    try:
        async with asyncio.timeout(seconds), pool.acquire(timeout=seconds) as connection:
            yield connection
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if (task := asyncio.current_task()) and task.cancelling():
            # Of a connection that fails just then, asyncpg raises the failure in place of the cancellation.
            raise asyncio.CancelledError from error
        if isinstance(error, asyncpg.UndefinedTableError):
            raise UnavailableError(_NO_SCHEMA) from error
        raise UnavailableError(f"the product store does not answer: {type(error).__name__}") from error


async def _read_from(pool: asyncpg.Pool, statement: str, *arguments: str) -> list[Product]:
    async with _connection(pool, _READ_SECONDS) as connection:
        return [Product(**row) for row in await connection.fetch(statement, *arguments)]
