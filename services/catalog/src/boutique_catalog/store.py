"""Products in Postgres: read from the replica, or from the primary if the replica fails."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from boutique_catalog.product import Product
from boutique_runtime.deadlines import clamp_to_deadline
from boutique_runtime.errors import UnavailableError
from boutique_runtime.postgres import PostgresSettings, create_pool

_log = logging.getLogger(__name__)

_READ_SECONDS = 2
_REPLICA_PAUSE_SECONDS = 10
_MAXIMUM_CONNECTIONS = 4

_NO_SCHEMA = "the product store has no schema: `python3 -m boutique_catalog.migration` creates it"

_READ = "SELECT id, name, description, picture, price_usd, categories, rating, reviews FROM catalog.products"
_READ_ALL = f"{_READ} ORDER BY position, id"
_SEARCH = f"{_READ} WHERE name ILIKE $1 OR description ILIKE $1 ORDER BY position, id"


class ProductStore:
    """Reads products. Every method raises UnavailableError if Postgres does not respond in time.

    Args:
        primary: The primary server.
        replica: Its replica, which is read first.
        read_seconds: How long a read of one server may take.
        replica_pause_seconds: How long a replica is not read after it has failed.
    """

    def __init__(
        self,
        primary: asyncpg.Pool,
        replica: asyncpg.Pool | None,
        *,
        read_seconds: float = _READ_SECONDS,
        replica_pause_seconds: float = _REPLICA_PAUSE_SECONDS,
    ) -> None:
        self._primary = primary
        self._replica = replica
        self._read_seconds = read_seconds
        self._replica_pause_seconds = replica_pause_seconds
        self._replica_paused_until = 0.0

    async def all(self) -> list[Product]:
        """Returns every product, in the order in which the shop shows them."""
        return await self._read(_READ_ALL)

    async def search(self, query: str) -> list[Product]:
        """Returns the products with the query in their name or description, ignoring case, in the order of `all`."""
        literal = re.sub(r"([\\%_])", r"\\\1", query)
        return await self._read(_SEARCH, f"%{literal}%")

    async def _read(self, statement: str, *arguments: str) -> list[Product]:
        now = asyncio.get_running_loop().time()
        if self._replica and now >= self._replica_paused_until:
            try:
                return await self._read_from(self._replica, statement, *arguments)
            except UnavailableError as error:
                # A replica that does not respond must not cost every read its timeout.
                self._replica_paused_until = now + self._replica_pause_seconds
                _log.warning("reading from the primary", extra={"reason": f"replica: {error}"})
        return await self._read_from(self._primary, statement, *arguments)

    async def _read_from(self, pool: asyncpg.Pool, statement: str, *arguments: str) -> list[Product]:
        async with _connection(pool, self._read_seconds) as connection:
            return [Product(**row) for row in await connection.fetch(statement, *arguments)]


@contextlib.asynccontextmanager
async def open_store(settings: PostgresSettings, **options: float) -> AsyncIterator[ProductStore]:
    """Opens the store. It connects when first used, so the service starts even if Postgres is down.

    Args:
        settings: The addresses and the login.
        options: The time limits of ProductStore.
    """
    credentials = settings.credentials()
    async with contextlib.AsyncExitStack() as stack:

        async def connect(address: str) -> asyncpg.Pool:
            pool = create_pool(settings, address, credentials, service="catalog", connections=_MAXIMUM_CONNECTIONS)
            return await stack.enter_async_context(pool)

        primary = await connect(settings.addr)
        replica = await connect(settings.replica_addr) if settings.replica_addr else None
        yield ProductStore(primary, replica, **options)


@contextlib.asynccontextmanager
async def _connection(pool: asyncpg.Pool, timeout_seconds: float) -> AsyncIterator[Any]:
    """Yields a connection for at most the timeout, shortened to the caller's deadline."""
    seconds = clamp_to_deadline(timeout_seconds)
    try:
        async with asyncio.timeout(seconds), pool.acquire(timeout=seconds) as connection:
            yield connection
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if (task := asyncio.current_task()) and task.cancelling():
            # If the connection fails at that moment, asyncpg raises its error instead of the cancellation.
            raise asyncio.CancelledError from error
        if isinstance(error, asyncpg.UndefinedTableError):
            raise UnavailableError(_NO_SCHEMA) from error
        raise UnavailableError(f"the product store does not answer: {type(error).__name__}") from error
