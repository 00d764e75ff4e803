"""Carts in Redis: one hash per shopper, from product id to quantity. Every write is one atomic script."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import cast

from redis.asyncio import Redis

from boutique_contract.limits import CART_QUANTITY, MAXIMUM_CART_PRODUCTS
from boutique_runtime.errors import FailedPreconditionError, UnavailableError
from boutique_runtime.redis import RedisSettings, create_client, unavailable_without

_STORE = "the cart store"
_LIFETIME_SECONDS = 60 * 24 * 60 * 60
_TOKEN_SECONDS = 60

# KEYS: cart, token. ARGV: product id, quantity, "add" or "set", lifetime, token's lifetime, limits.
# The token ensures that a write takes effect once, even if it is sent again after a lost reply.
_WRITE = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 'ok' end
local present = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local quantity = tonumber(ARGV[2])
if ARGV[3] == 'add' then quantity = present + quantity end
if quantity > tonumber(ARGV[6]) then return 'quantity' end
if present == 0 and quantity > 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[7]) then return 'products' end
if quantity > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], quantity)
  redis.call('EXPIRE', KEYS[1], ARGV[4])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
if ARGV[3] == 'add' then redis.call('SET', KEYS[2], '', 'EX', ARGV[5]) end
return 'ok'
"""


class CartStore:
    """Reads and writes carts. Every method raises UnavailableError if Redis does not respond in time.

    Args:
        primary: The client for writes.
        readers: The clients for reads, which are tried in turn until one succeeds.
    """

    def __init__(self, primary: Redis, readers: Sequence[Redis]) -> None:
        self._primary = primary
        self._readers = readers
        self._write = primary.register_script(_WRITE)

    async def add(self, user_id: str, product_id: str, quantity: int) -> None:
        """Adds to the quantity in the cart. Raises FailedPreconditionError if the cart would exceed its limits."""
        await self._change(user_id, product_id, quantity, "add")

    async def set(self, user_id: str, product_id: str, quantity: int) -> None:
        """Sets the quantity; 0 removes the product. Raises FailedPreconditionError as `add` does."""
        await self._change(user_id, product_id, quantity, "set")

    async def get(self, user_id: str) -> dict[str, int]:
        """Returns quantities by product id, empty for an unknown shopper. Reads the replica if the primary fails."""
        for reader in self._readers[:-1]:
            with contextlib.suppress(UnavailableError):
                return await _read(reader, user_id)
        return await _read(self._readers[-1], user_id)

    async def empty(self, user_id: str) -> None:
        """Removes every product from the cart."""
        with unavailable_without(_STORE):
            await self._primary.delete(_key(user_id))

    async def _change(self, user_id: str, product_id: str, quantity: int, how: str) -> None:
        keys = [_key(user_id), f"{_key(user_id)}:{uuid.uuid4().hex}"]
        arguments: list[str | int] = [
            product_id,
            quantity,
            how,
            _LIFETIME_SECONDS,
            _TOKEN_SECONDS,
            CART_QUANTITY.maximum,
            MAXIMUM_CART_PRODUCTS,
        ]
        with unavailable_without(_STORE):
            outcome = await cast("Awaitable[str]", self._write(keys=keys, args=arguments))
        if outcome == "quantity":
            raise FailedPreconditionError(f"item.quantity: a cart holds at most {CART_QUANTITY.maximum} of a product")
        if outcome == "products":
            raise FailedPreconditionError(f"item.product_id: a cart holds at most {MAXIMUM_CART_PRODUCTS} products")


@contextlib.asynccontextmanager
async def open_store(settings: RedisSettings) -> AsyncIterator[CartStore]:
    """Opens the store. It connects when first used, so the service starts even if Redis is down."""
    credentials = settings.credentials()
    async with contextlib.AsyncExitStack() as stack:

        async def connect(address: str, retries: int) -> Redis:
            return await stack.enter_async_context(create_client(settings, address, credentials, retries=retries))

        primary = await connect(settings.addr, retries=8)
        readers = [primary]
        if settings.replica_addr:
            readers = [
                await connect(settings.addr, retries=1),
                await connect(settings.replica_addr, retries=1),
                primary,
            ]
        yield CartStore(primary, readers)


async def _read(reader: Redis, user_id: str) -> dict[str, int]:
    with unavailable_without(_STORE):
        fields = cast("Mapping[str, str]", await reader.hgetall(_key(user_id)))
    return {product_id: int(quantity) for product_id, quantity in fields.items()}


def _key(user_id: str) -> str:
    return f"cart:{{{user_id}}}"
