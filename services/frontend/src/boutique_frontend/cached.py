"""A value that others hold, kept for a few seconds so that a page needs no call for it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import grpc

Value = TypeVar("Value")

STALE_SECONDS = 60.0
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Cached(Generic[Value]):
    """Loads at most once at a time, however many ask.

    A fresh value is answered at once; so is one that is not yet stale, while it is loaded anew. Of a stale one the
    caller waits PATIENCE_SECONDS for the new; where that is in vain, the others need not try. While loading fails, the
    last value stays.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[Value]],
        *,
        fresh_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` tells seconds."""
        self._load = load
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._value: Value | None = None
        self._fresh_until = 0.0
        self._stale_from = 0.0
        self._loading: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """Raises grpc.aio.AioRpcError where no load has succeeded yet."""
        now = self._clock()
        if self._value is None:
            # A caller that goes away must not take the load away from the others.
            return await asyncio.shield(self._load_once())
        if now >= self._fresh_until:
            loading = self._load_once()
            if now >= self._stale_from:
                _, pending = await asyncio.wait({loading}, timeout=PATIENCE_SECONDS)
                if pending:
                    self._stale_from = now + STALE_SECONDS
        return self._value

    def _load_once(self) -> asyncio.Task[Value]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._load_and_keep())
        return self._loading

    async def _load_and_keep(self) -> Value:
        try:
            value = await self._load()
        except grpc.aio.AioRpcError as error:
            if self._value is None:
                raise
            _log.warning("keeping the last known value", extra={"code": error.code().name, "reason": error.details()})
            self._fresh_until = self._clock() + RETRY_SECONDS
            return self._value
        finally:
            self._loading = None
        self._value = value
        self._fresh_until = self._clock() + self._fresh_seconds
        self._stale_from = self._clock() + STALE_SECONDS
        return value
