"""Carts in Redis: a hash a shopper, from product id to quantity. Every write is one atomic script."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from boutique_cart.cart import LIFETIME_SECONDS, MAXIMUM_PER_PRODUCT, MAXIMUM_PRODUCTS
from boutique_cart.settings import CartSettings
from boutique_runtime.errors import FailedPreconditionError, UnavailableError
from boutique_runtime.redis import create_client

Answer = TypeVar("Answer")

_TOKEN_SECONDS = 60

# KEYS: cart, token. ARGV: product id, quantity, whether it is added, lifetime, token's lifetime, limits.
# The token makes a write that was sent again after a lost reply count once.
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
    """Raises UnavailableError from every method when Redis does not answer in time."""

    def __init__(self, primary: Redis, readers: Sequence[Redis]) -> None:
        """`readers` are asked in turn, until one answers."""
        self._primary = primary
        self._readers = readers
        self._write = primary.register_script(_WRITE)

    async def add(self, user_id: str, product_id: str, quantity: int) -> None:
        """Adds to what is there. Raises FailedPreconditionError where the cart would grow past its bounds."""
        await self._change(user_id, product_id, quantity, "add")

    async def set(self, user_id: str, product_id: str, quantity: int) -> None:
        """Sets the quantity; 0 removes. Raises FailedPreconditionError where the cart would grow past its bounds."""
        await self._change(user_id, product_id, quantity, "set")

    async def get(self, user_id: str) -> dict[str, int]:
        """Quantities by product id, empty for an unknown shopper; from the replica where the primary is away."""
        for reader in self._readers[:-1]:
            with contextlib.suppress(UnavailableError):
                return _quantities(await _reached(reader.hgetall(_key(user_id))))
        return _quantities(await _reached(self._readers[-1].hgetall(_key(user_id))))

    async def empty(self, user_id: str) -> None:
        await _reached(self._primary.delete(_key(user_id)))

    async def _change(self, user_id: str, product_id: str, quantity: int, how: str) -> None:
        keys = [_key(user_id), f"{_key(user_id)}:{uuid.uuid4().hex}"]
        arguments: list[str | int] = [
            product_id,
            quantity,
            how,
            LIFETIME_SECONDS,
            _TOKEN_SECONDS,
            MAXIMUM_PER_PRODUCT,
            MAXIMUM_PRODUCTS,
        ]
        outcome = await _reached(cast("Awaitable[str]", self._write(keys=keys, args=arguments)))
        if outcome == "quantity":
            raise FailedPreconditionError(f"item.quantity: a cart holds at most {MAXIMUM_PER_PRODUCT} of a product")
        if outcome == "products":
            raise FailedPreconditionError(f"item.product_id: a cart holds at most {MAXIMUM_PRODUCTS} products")


@contextlib.asynccontextmanager
async def open_store(settings: CartSettings) -> AsyncIterator[CartStore]:
    """Connects when first used, so that the service starts while Redis is away."""
    credentials = settings.credentials()
    async with contextlib.AsyncExitStack() as stack:

        async def connect(address: str, retries: int) -> Redis:
            return await stack.enter_async_context(create_client(settings, address, credentials, retries=retries))

        primary = await connect(settings.redis_addr, retries=8)
        readers = [primary]
        if settings.redis_replica_addr:
            readers = [
                await connect(settings.redis_addr, retries=1),
                await connect(settings.redis_replica_addr, retries=1),
                primary,
            ]
        yield CartStore(primary, readers)


async def _reached(answer: Awaitable[Answer]) -> Answer:
    try:
        return await answer
    except RedisError as error:
        raise UnavailableError(f"the cart's store does not answer: {type(error).__name__}") from error


def _quantities(fields: Mapping[bytes | str, bytes | str]) -> dict[str, int]:
    return {str(product_id): int(quantity) for product_id, quantity in fields.items()}


def _key(user_id: str) -> str:
    return f"cart:{{{user_id}}}"
