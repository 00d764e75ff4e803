"""Sessions in Redis: a key each, which is gone when the session is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from boutique_runtime.errors import UnavailableError
from boutique_runtime.redis import RedisSettings, create_client

Answer = TypeVar("Answer")

# A visitor waits for this, who can be served without.
_PATIENCE_SECONDS = 1
_RETRIES = 1


class SessionStore:
    """Raises UnavailableError from every method when no Redis that could tell answers in time."""

    def __init__(self, primary: Redis, replica: Redis | None) -> None:
        self._primary = primary
        self._replica = replica

    async def keep(self, session_id: str, lifetime_seconds: int) -> None:
        """From now on, whether it was there or not."""
        await _reached(self._primary.set(_key(session_id), "1", ex=lifetime_seconds))

    async def seconds_left(self, session_id: str) -> float | None:
        """Until the session ends; None where there is none.

        The replica is asked first. What it lacks, it may only lack so far: the primary has what was just written.
        """
        if self._replica is not None:
            with contextlib.suppress(UnavailableError):
                left = await _seconds_left(self._replica, session_id)
                if left is not None:
                    return left
        return await _seconds_left(self._primary, session_id)


@contextlib.asynccontextmanager
async def open_store(settings: RedisSettings) -> AsyncIterator[SessionStore]:
    """Connects when first used, so that the service starts while Redis is away."""
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
    milliseconds = await _reached(server.pttl(_key(session_id)))
    return milliseconds / 1000 if milliseconds >= 0 else None


async def _reached(answer: Awaitable[Answer]) -> Answer:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await answer
    except (RedisError, TimeoutError) as error:
        raise UnavailableError(f"the sessions' store does not answer: {type(error).__name__}") from error


def _key(session_id: str) -> str:
    return f"s:{session_id}"
