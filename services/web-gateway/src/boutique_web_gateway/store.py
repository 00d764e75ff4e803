"""Sessions in Redis: one key each, which expires with the session."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from boutique_runtime.errors import UnavailableError
from boutique_runtime.redis import RedisSettings, create_client

Result = TypeVar("Result")

# Visitors wait for the store, but can be served without it.
_TIMEOUT_SECONDS = 1
_RETRIES = 1


class SessionStore:
    """The sessions in Redis. Methods raise UnavailableError if Redis does not respond in time."""

    def __init__(self, primary: Redis, replica: Redis | None) -> None:
        self._primary = primary
        self._replica = replica

    async def keep(self, session_id: str, lifetime_seconds: int) -> None:
        """Creates or renews a session."""
        await _translate_errors(self._primary.set(_key(session_id), "1", ex=lifetime_seconds))

    async def seconds_left(self, session_id: str) -> float | None:
        """Returns the seconds until the session ends, or None if there is no such session.

        Asks the replica first, and the primary for what the replica does not have yet.
        """
        if self._replica is not None:
            with contextlib.suppress(UnavailableError):
                left = await _seconds_left(self._replica, session_id)
                if left is not None:
                    return left
        return await _seconds_left(self._primary, session_id)


@contextlib.asynccontextmanager
async def open_store(settings: RedisSettings) -> AsyncIterator[SessionStore]:
    """Opens the store. It connects on first use, so that the service starts without Redis."""
    credentials = settings.credentials()
    async with contextlib.AsyncExitStack() as stack:

        async def connect(address: str) -> Redis:
            client = create_client(settings, address, credentials, retries=_RETRIES)
            return await stack.enter_async_context(client)

        yield SessionStore(
            primary=await connect(settings.addr),
            replica=await connect(settings.replica_addr) if settings.replica_addr else None,
        )


async def _seconds_left(server: Redis, session_id: str) -> float | None:
    milliseconds = await _translate_errors(server.pttl(_key(session_id)))
    return milliseconds / 1000 if milliseconds >= 0 else None


async def _translate_errors(operation: Awaitable[Result]) -> Result:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await operation
    except (RedisError, TimeoutError) as error:
        raise UnavailableError(f"the session store does not respond: {type(error).__name__}") from error


def _key(session_id: str) -> str:
    return f"s:{session_id}"
