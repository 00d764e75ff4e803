"""Confirmations that wait for their delivery, so that no order waits for its mail."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from boutique_email.confirmation import Confirmation, masked
from boutique_email.delivery import Deliver, DeliveryError
from boutique_email.names import ProductNames
from boutique_email.rendering import Mail, Renderer
from boutique_runtime.deadlines import set_deadline
from boutique_runtime.errors import UnavailableError

MAXIMUM_PENDING = 1_000
MAXIMUM_CONNECTIONS = 8
BACKOFF_SECONDS = (1.0, 4.0, 15.0, 60.0, 240.0)

_log = logging.getLogger(__name__)


class Outbox:
    """Keeps confirmations in memory. Those not delivered when the process ends are lost, and logged as lost."""

    def __init__(
        self,
        names: ProductNames,
        renderer: Renderer,
        deliver: Deliver,
        backoff_seconds: Sequence[float] = BACKOFF_SECONDS,
        maximum_pending: int = MAXIMUM_PENDING,
    ) -> None:
        """Creates it.

        Args:
            names: Returns the names of products.
            renderer: Renders confirmations.
            deliver: Delivers a mail.
            backoff_seconds: The pauses between attempts. After the last one, a mail is given up.
            maximum_pending: How many confirmations may wait.
        """
        self._names = names
        self._renderer = renderer
        self._deliver = deliver
        self._backoff_seconds = backoff_seconds
        self._maximum_pending = maximum_pending
        self._pending: set[asyncio.Task[None]] = set()
        self._connections = asyncio.Semaphore(MAXIMUM_CONNECTIONS)
        self._closing = asyncio.Event()

    def accept(self, confirmation: Confirmation) -> None:
        """Takes a confirmation and returns at once. Raises UnavailableError if too many are pending."""
        if len(self._pending) >= self._maximum_pending:
            raise UnavailableError(f"{self._maximum_pending} confirmations are waiting to be delivered")
        task = asyncio.create_task(self._send(confirmation), name=confirmation.order_id)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def drain(self, grace_seconds: float) -> None:
        """Makes a last attempt for every pending confirmation, for at most these seconds."""
        self._closing.set()
        if not self._pending:
            return
        _, lost = await asyncio.wait(self._pending, timeout=grace_seconds)
        for task in lost:
            _log.error("confirmation lost", extra={"order_id": task.get_name(), "reason": "the service stops"})
            task.cancel()

    async def _send(self, confirmation: Confirmation) -> None:
        set_deadline(None)  # a mail may outlive its caller's deadline
        try:
            mail = self._renderer.render(confirmation, await self._names())
            _log.info("confirmation rendered", extra={"order_id": mail.order_id, "bytes": mail.size})
            await self._deliver_with_retries(mail)
        except Exception:  # noqa: BLE001 (no caller is left to see it)
            _log.exception("confirmation lost", extra={"order_id": confirmation.order_id})

    async def _deliver_with_retries(self, mail: Mail) -> None:
        for pause_seconds in (*self._backoff_seconds, None):
            last_attempt = pause_seconds is None or self._closing.is_set()
            try:
                async with self._connections:
                    await self._deliver(mail)
            except DeliveryError as error:
                details = {"order_id": mail.order_id, "to": masked(mail.recipient), "reason": str(error)}
                if last_attempt or error.final:
                    _log.error("confirmation lost", extra=details)
                    return
                _log.warning("confirmation not delivered yet", extra=details)
            else:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await self._closing.wait()
