"""A value that is loaded from elsewhere and kept, so that most reads cost no call."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, TypeVar

import grpc

from boutique_runtime.errors import ServiceError

Value = TypeVar("Value")

_log = logging.getLogger(__name__)


class Refreshing(Generic[Value]):
    """Keeps a value up to date, with at most one load at a time, however many callers wait for it.

    `get` returns a fresh value at once. It also returns an older value at once, while a load replaces it in the
    background, until the value is stale: then the caller waits a moment for the new one. While loads fail, the last
    value is kept.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[Value]],
        *,
        fresh_seconds: float,
        stale_seconds: float = 60,
        retry_seconds: float = 2,
        wait_seconds: float = 1,
        initial: Value | None = None,
        failures: tuple[type[Exception], ...] = (grpc.aio.AioRpcError, ServiceError),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Creates it without loading.

        Args:
            load: Returns the value, or raises one of `failures`.
            fresh_seconds: How long a loaded value is returned without another load.
            stale_seconds: The age from which callers wait for a new value.
            retry_seconds: The pause after a failed load.
            wait_seconds: How long a caller waits if it has a stale value to fall back to.
            initial: A value to return until the first load succeeds.
            failures: The errors of `load` after which the last value is kept.
            clock: Returns seconds.
        """
        self.latest = initial
        self.loaded = asyncio.Event()
        """Set once a load has succeeded."""
        self._load = load
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._retry_seconds = retry_seconds
        self._wait_seconds = wait_seconds
        self._failures = failures
        self._clock = clock
        self._fresh_until = 0.0
        self._stale_from = 0.0
        self._failing = False
        self._loading: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """Returns the value. Raises the load's error if there is no value yet."""
        now = self._clock()
        if self.latest is None:
            return await self.refresh()
        if now >= self._fresh_until:
            loading = self._load_once()
            if now >= self._stale_from:
                _, pending = await asyncio.wait({loading}, timeout=self._wait_seconds)
                if pending:
                    # One caller has waited: the others need not.
                    self._stale_from = now + self._stale_seconds
        return self.latest

    async def refresh(self) -> Value:
        """Loads the value now and returns it, or the last one if the load fails."""
        # A caller that is cancelled must not cancel the load for the others.
        return await asyncio.shield(self._load_once())

    async def keep_fresh(self) -> NoReturn:
        """Loads the value again and again, until cancelled."""
        while True:
            try:
                await self._load_once()
            except self._failures:
                pass  # logged already
            except Exception:  # noqa: BLE001 (whatever went wrong, the next load may succeed)
                self._failing = True
                _log.exception("refreshing failed")
            await asyncio.sleep(self._retry_seconds if self._failing else self._fresh_seconds)

    def _load_once(self) -> asyncio.Task[Value]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._load_and_keep())
            # If every caller is cancelled, no one else retrieves the error, which asyncio would log.
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._loading

    async def _load_and_keep(self) -> Value:
        try:
            value = await self._load()
        except self._failures as error:
            self._log_failure(error)
            if self.latest is None:
                raise
            self._fresh_until = self._clock() + self._retry_seconds
            return self.latest
        finally:
            self._loading = None
        self.latest = value
        self.loaded.set()
        self._failing = False
        self._fresh_until = self._clock() + self._fresh_seconds
        self._stale_from = self._clock() + self._stale_seconds
        return value

    def _log_failure(self, error: Exception) -> None:
        """Logs the first of consecutive failures."""
        if not self._failing:
            reason = error.details() if isinstance(error, grpc.aio.AioRpcError) else str(error)
            extra = {"error": type(error).__name__, "reason": reason}
            if error.__cause__ is not None:
                extra["cause"] = str(error.__cause__)
            _log.warning("refreshing failed, keeping the last value", extra=extra)
        self._failing = True
