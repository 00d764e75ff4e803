"""Confirmations that are on their way, so that no order waits for its mail."""

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
    """Keeps what is pending in memory: what is not delivered when the process ends is lost, and logged as such."""

    def __init__(
        self,
        names: ProductNames,
        renderer: Renderer,
        deliver: Deliver,
        backoff_seconds: Sequence[float] = BACKOFF_SECONDS,
    ) -> None:
        """`backoff_seconds`: the pauses between tries; after the last of them a mail is given up."""
        self._names = names
        self._renderer = renderer
        self._deliver = deliver
        self._backoff_seconds = backoff_seconds
        self._pending: set[asyncio.Task[None]] = set()
        self._connections = asyncio.Semaphore(MAXIMUM_CONNECTIONS)
        self._closing = asyncio.Event()

    def accept(self, confirmation: Confirmation) -> None:
        """Answers at once. Raises UnavailableError where too many are pending."""
        if len(self._pending) >= MAXIMUM_PENDING:
            raise UnavailableError(f"{MAXIMUM_PENDING} confirmations are waiting to be delivered")
        task = asyncio.create_task(self._send(confirmation), name=confirmation.order_id)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def drain(self, grace_seconds: float) -> None:
        """Gives what is pending its last try, for at most these seconds."""
        self._closing.set()
        if not self._pending:
            return
        _, lost = await asyncio.wait(self._pending, timeout=grace_seconds)
        for task in lost:
            _log.error("confirmation lost", extra={"order_id": task.get_name(), "reason": "the service stops"})
            task.cancel()

    async def _send(self, confirmation: Confirmation) -> None:
        set_deadline(None)  # the caller's, which a mail may outlive
        try:
            mail = self._renderer.render(confirmation, await self._names.get())
            _log.info("confirmation rendered", extra={"order_id": mail.order_id, "bytes": mail.size})
            await self._deliver_in_the_end(mail)
        except Exception:  # noqa: BLE001 (nobody else is there to tell)
            _log.exception("confirmation lost", extra={"order_id": confirmation.order_id})

    async def _deliver_in_the_end(self, mail: Mail) -> None:
        for pause_seconds in (*self._backoff_seconds, None):
            last_try = pause_seconds is None or self._closing.is_set()
            try:
                async with self._connections:
                    await self._deliver(mail)
            except DeliveryError as error:
                told = {"order_id": mail.order_id, "to": masked(mail.recipient), "reason": str(error)}
                if last_try or error.final:
                    _log.error("confirmation lost", extra=told)
                    return
                _log.warning("confirmation not delivered yet", extra=told)
            else:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await self._closing.wait()
