"""Orders in Postgres, in their own schema. Nothing about a card is stored."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal

import asyncpg

from boutique_checkout.order import PREDECESSORS, Line, Order, Status
from boutique_runtime.errors import UnavailableError
from boutique_runtime.money import Money
from boutique_runtime.postgres import LOST_CONNECTION, PostgresSettings, create_pool
from hipstershop import shop_pb2

_log = logging.getLogger(__name__)

_CONNECTIONS = 16
"""Per replica: also the number of orders that it places at the same time."""
_STATEMENT_SECONDS = 3
_RETRY_SECONDS = 0.2
_TIMEOUT_SECONDS = 15
"""Longer than a primary takes to restart."""

# The newest part of the schema. The migration creates everything in one transaction.
_HAS_SCHEMA = """
SELECT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = to_regclass('orders.orders') AND attname = 'postal_code'
)
"""

# All services share the database's advisory locks: the name separates ours from theirs.
_LOCK = "SELECT pg_advisory_lock(hashtextextended('checkout ' || $1, 0))"

_FIND = """
SELECT o.*, i.product_id, i.quantity, i.price
FROM orders.orders AS o JOIN orders.items AS i ON i.order_id = o.id
WHERE o.idempotency_key = $1
ORDER BY i.position
"""

_ADD = """
WITH added AS (
    INSERT INTO orders.orders (
        id, idempotency_key, fingerprint, status, user_id, email, street_address, city, state, country, zip_code,
        postal_code, currency_code, shipping_cost, total
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
INSERT INTO orders.items (order_id, position, product_id, quantity, price)
SELECT added.id, line.position, line.product_id, line.quantity, line.price
FROM added,
    unnest($16::text[], $17::integer[], $18::numeric[]) WITH ORDINALITY AS line (product_id, quantity, price, position)
"""

_ADVANCE = """
UPDATE orders.orders
SET status = $2, transaction_id = $3, tracking_id = $4, idempotency_key = $5
WHERE id = $1 AND status = ANY ($6)
RETURNING id
"""


class LockedOrder:
    """The order of one idempotency key, locked against other calls on any replica.

    The lock belongs to the database session, so it ends with the process. A lost session is replaced, and every
    statement may be sent twice. Each method raises UnavailableError if Postgres stays down, or if another call keeps
    the lock for too long.
    """

    def __init__(self, pool: asyncpg.Pool, idempotency_key: str) -> None:
        self._pool = pool
        self._key = idempotency_key
        self._connection: asyncpg.pool.PoolConnectionProxy | None = None

    async def find(self) -> Order | None:
        """Returns the order, if there is one."""
        rows = await self._execute(_FIND, self._key)
        return _order(rows) if rows else None

    async def add(self, order: Order) -> None:
        """Stores a new order."""
        await self._execute(
            _ADD,
            order.id,
            order.idempotency_key,
            order.fingerprint,
            order.status,
            order.user_id,
            order.email,
            order.address.street_address,
            order.address.city,
            order.address.state,
            order.address.country,
            order.address.zip_code,
            order.address.postal_code,
            order.total.currency_code,
            _decimal(order.shipping_cost),
            _decimal(order.total),
            [line.product_id for line in order.lines],
            [line.quantity for line in order.lines],
            [_decimal(line.price) for line in order.lines],
        )

    async def advance(self, order: Order) -> None:
        """Stores the order's new status and ids."""
        before = list(PREDECESSORS[order.status])
        if not await self._execute(
            _ADVANCE, order.id, order.status, order.transaction_id, order.tracking_id, order.idempotency_key, before
        ):
            raise _superseded()

    async def remove(self, order: Order) -> None:
        """Removes an order that has not been charged."""
        await self._execute("DELETE FROM orders.orders WHERE id = $1 AND status = 'pending'", order.id)

    async def release(self) -> None:
        """Releases the lock."""
        if self._connection is not None:
            with contextlib.suppress(*LOST_CONNECTION):
                await self._pool.release(self._connection, timeout=_STATEMENT_SECONDS)

    async def _execute(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                while True:
                    try:
                        connection = await self._locked_connection()
                        return await connection.fetch(statement, *arguments, timeout=_STATEMENT_SECONDS)
                    except LOST_CONNECTION as error:
                        _log.warning("lost the connection to the order store", extra={"reason": repr(error)})
                        await self._drop_connection()
                        await asyncio.sleep(_RETRY_SECONDS)
        except TimeoutError as error:
            raise UnavailableError(
                "the order store does not answer, or another call uses the idempotency-key; send it again"
            ) from error
        except asyncpg.UniqueViolationError as error:
            raise _superseded() from error

    async def _locked_connection(self) -> asyncpg.pool.PoolConnectionProxy:
        if self._connection is None:
            self._connection = await self._pool.acquire(timeout=_STATEMENT_SECONDS)
            await self._connection.execute(_LOCK, f"order {self._key}")
        return self._connection

    async def _drop_connection(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(asyncpg.InterfaceError):
                self._connection.terminate()
            await self.release()
            self._connection = None


class OrderStore:
    """Stores orders."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def exclusive(self, idempotency_key: str) -> AsyncIterator[LockedOrder]:
        """Yields the order of the key. Its first method waits until no other call has the lock."""
        locked = LockedOrder(self._pool, idempotency_key)
        try:
            yield locked
        finally:
            await locked.release()

    async def wait_until_ready(self) -> None:
        """Waits until Postgres answers and has the schema."""
        while True:
            try:
                if await self._pool.fetchval(_HAS_SCHEMA, timeout=_STATEMENT_SECONDS):
                    return
                _log.error("the order store has no schema: `python3 -m boutique_checkout.migration` creates it")
            except (asyncpg.PostgresError, *LOST_CONNECTION) as error:
                _log.warning("waiting for the order store", extra={"reason": repr(error)})
            await asyncio.sleep(1)

    async def keys_to_refund(self) -> list[str]:
        """Returns the idempotency keys of the orders whose charge must still be refunded."""
        rows = await self._pool.fetch("SELECT idempotency_key FROM orders.orders WHERE status = 'refunding'")
        return [row["idempotency_key"] for row in rows]


@contextlib.asynccontextmanager
async def open_store(settings: PostgresSettings) -> AsyncIterator[OrderStore]:
    """Opens the store. It connects when first used, so the service starts even if Postgres is down."""
    pool = create_pool(
        settings,
        settings.addr,
        settings.credentials(),
        service="checkout",
        connections=_CONNECTIONS,
        reset=_unlock,
    )
    async with pool:
        yield OrderStore(pool)


async def _unlock(connection: asyncpg.Connection) -> None:
    await connection.execute("SELECT pg_advisory_unlock_all()")


def _superseded() -> UnavailableError:
    """Returns the error for a call whose lock was lost and taken over by another call."""
    return UnavailableError("another call with this idempotency-key took over; send it again for its result")


def _order(rows: Iterable[asyncpg.Record]) -> Order:
    first, *_ = rows = list(rows)
    currency_code = first["currency_code"]
    return Order(
        id=uuid.UUID(bytes=first["id"].bytes),
        idempotency_key=first["idempotency_key"],
        fingerprint=first["fingerprint"],
        user_id=first["user_id"],
        email=first["email"],
        address=shop_pb2.Address(
            street_address=first["street_address"],
            city=first["city"],
            state=first["state"],
            country=first["country"],
            zip_code=first["zip_code"],
            postal_code=first["postal_code"],
        ),
        lines=tuple(
            Line(row["product_id"], row["quantity"], Money.from_decimal(currency_code, row["price"])) for row in rows
        ),
        shipping_cost=Money.from_decimal(currency_code, first["shipping_cost"]),
        status=Status(first["status"]),
        transaction_id=first["transaction_id"],
        tracking_id=first["tracking_id"],
    )


def _decimal(amount: Money) -> Decimal:
    return Decimal(amount.total_nanos).scaleb(-9)
