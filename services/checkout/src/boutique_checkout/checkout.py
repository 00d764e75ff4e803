"""Places an order exactly once: its steps, and how they are undone."""

import asyncio
import logging
import math
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import grpc

from boutique_checkout.dependencies import Dependencies
from boutique_checkout.order import Order, Quote, Status, check_items, draft_order, fingerprint, quote_items
from boutique_checkout.store import LockedOrder, OrderStore
from boutique_runtime.deadlines import clamp_to_deadline, set_deadline
from boutique_runtime.errors import FailedPreconditionError, ServiceError, UnavailableError
from boutique_runtime.money import Money
from hipstershop import shop_pb2

_log = logging.getLogger(__name__)

_EMPTYING_SECONDS = 3
"""How long a response waits for the cart to be emptied: as long as replacing a replica of the cart service takes."""
_RECOVERY_SECONDS = 60
_CLOSING_SECONDS = 10

Result = TypeVar("Result")


class PricedCart(NamedTuple):
    """A cart with exact amounts in the shopper's currency: a price for each item."""

    items: Sequence[shop_pb2.CartItem]
    prices: Sequence[Money]
    shipping_cost: Money


class Checkout:
    """Places orders.

    Args:
        dependencies: The services that an order needs.
        orders: The store of orders.
        emptying_seconds: How long a response may wait for the cart to be emptied.
    """

    def __init__(
        self, dependencies: Dependencies, orders: OrderStore, *, emptying_seconds: float = _EMPTYING_SECONDS
    ) -> None:
        self._emptying_seconds = emptying_seconds
        self._dependencies = dependencies
        self._orders = orders
        self._tasks: set[asyncio.Task[Any]] = set()

    async def place(self, request: shop_pb2.PlaceOrderRequest, idempotency_key: str) -> Order:
        """Places the order of a valid request, or returns the order that was placed for its key before.

        An order that fails is not charged, or its charge is refunded if payment can do so. The caller may send the
        request again with the same key. The call continues if the caller cancels it, so that no order stays half done.

        Raises:
            FailedPreconditionError: The key was used for another request, the cart is empty, or it has a product that
                is no longer sold.
            AbortedError: The cart has another total than the shopper agreed to.
            InvalidRequestError: The card is refused. The message is payment's own.
            InvalidFieldError: The shop does not have the currency.
            UnavailableError: Postgres is down.
            grpc.aio.AioRpcError: Another service is down or late.
        """
        return await asyncio.shield(self._start(self._place(request, idempotency_key)))

    async def quote(self, request: shop_pb2.QuoteOrderRequest) -> Quote:
        """Returns the prices that an order of the current cart would have. Raises the errors of `place`."""
        return quote_items(*await self._price(request.user_id, request.user_currency, request.address))

    async def _place(self, request: shop_pb2.PlaceOrderRequest, idempotency_key: str) -> Order:
        async with self._orders.exclusive(idempotency_key) as locked:
            order = await locked.find()
            if order is not None and order.fingerprint != fingerprint(request):
                raise FailedPreconditionError("idempotency-key: was used for another order; use a new one")
            if order is not None and order.status is Status.REFUNDING:
                order = await self._refund(locked, order)
                if order.status is Status.REFUNDING:
                    raise UnavailableError("an earlier charge for this order has not been refunded yet; try again")
            if order is None or order.status is Status.REFUNDED:
                order = await self._draft(request, idempotency_key)
                await locked.add(order)
                order = await self._charge(locked, order, request.credit_card, first_attempt=True)
            elif order.status is Status.PENDING:
                order = await self._charge(locked, order, request.credit_card, first_attempt=False)
            if order.status is Status.CHARGED:
                order = await self._ship(locked, order)
                await self._follow_up(order)
            return order

    async def _draft(self, request: shop_pb2.PlaceOrderRequest, idempotency_key: str) -> Order:
        priced = await self._price(request.user_id, request.user_currency, request.address)
        return draft_order(request, idempotency_key, *priced)

    async def _price(self, user_id: str, currency_code: str, address: shop_pb2.Address) -> PricedCart:
        items = await self._dependencies.cart_items(user_id)
        check_items(items)
        prices, quote = await asyncio.gather(
            self._dependencies.prices([item.product_id for item in items]),
            self._dependencies.shipping_quote(address, items),
        )
        *prices, shipping_cost = await self._dependencies.converted([*prices, quote], currency_code)
        return PricedCart(items, prices, shipping_cost)

    async def _charge(
        self, locked: LockedOrder, order: Order, card: shop_pb2.CreditCardInfo, *, first_attempt: bool
    ) -> Order:
        if not clamp_to_deadline(1):
            raise UnavailableError("the deadline passed before the card was charged")
        try:
            transaction_id = await self._dependencies.charge(order, card)
        except ServiceError:
            # An earlier attempt may have charged the card, even if it is refused now.
            if first_attempt:
                await locked.remove(order)
            raise
        except grpc.aio.AioRpcError:
            await self._undo_unknown_charge(locked, order, card)
            raise
        charged = replace(order, status=Status.CHARGED, transaction_id=transaction_id)
        await locked.advance(charged)
        return charged

    async def _undo_unknown_charge(self, locked: LockedOrder, order: Order, card: shop_pb2.CreditCardInfo) -> None:
        """Charges again, which returns the first charge if there was one, and refunds it."""
        set_deadline(None)
        try:
            transaction_id = await self._dependencies.charge(order, card)
        except (ServiceError, grpc.aio.AioRpcError) as error:
            # The order stays pending: a call with the same idempotency key continues from there, and charges once.
            _log.error("a card may have been charged", extra={"order_id": str(order.id), "reason": str(error)})
        else:
            await self._refund(locked, replace(order, transaction_id=transaction_id))

    async def _ship(self, locked: LockedOrder, order: Order) -> Order:
        try:
            tracking_id = await self._dependencies.ship(order)
        except (ServiceError, grpc.aio.AioRpcError):
            set_deadline(None)
            await self._refund(locked, order)
            raise
        placed = replace(order, status=Status.PLACED, tracking_id=tracking_id)
        await locked.advance(placed)
        _log.info("order placed", extra={"order_id": str(order.id), "total": str(order.total)})
        return placed

    async def _refund(self, locked: LockedOrder, order: Order) -> Order:
        """Refunds the order and returns it: REFUNDED, REFUNDING if that failed, or CHARGED if payment cannot refund."""
        refunding = replace(order, status=Status.REFUNDING)
        await locked.advance(refunding)
        about = {"order_id": str(order.id), "transaction_id": order.transaction_id, "total": str(order.total)}
        try:
            await self._dependencies.refund(order.transaction_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                _log.error("a refund failed and will be tried again", extra={**about, "code": error.code().name})
                return refunding
            _log.error("payment cannot refund: the order is charged and not shipped", extra=about)
            settled = replace(order, status=Status.CHARGED)
        else:
            _log.warning("refunded an order that was not shipped", extra=about)
            settled = replace(order, status=Status.REFUNDED, idempotency_key=None)
        await locked.advance(settled)
        return settled

    async def _follow_up(self, order: Order) -> None:
        """Empties the cart and sends the confirmation, which may fail or be late without harm to the order.

        The cart is emptied before the response or not at all: what the shopper adds after it belongs to the next
        order, while a cart that still has the bought products is visible and can be emptied by the shopper.
        """
        # Half of the caller's remaining time is for the response.
        emptying_seconds = min(self._emptying_seconds, clamp_to_deadline(math.inf) / 2)
        set_deadline(None)
        if order.email:
            self._start(_tolerate(self._dependencies.send_confirmation(order), "sending the confirmation", order))
        emptying = self._dependencies.empty_cart(order.user_id, emptying_seconds)
        await _tolerate(emptying, "emptying the cart", order)

    async def run_recovery_loop(self) -> None:
        """Refunds, every minute, the charges that could not be refunded at once."""
        while True:
            await asyncio.sleep(_RECOVERY_SECONDS)
            try:
                await self.recover()
            except Exception:  # noqa: BLE001 (the next attempt may succeed)
                _log.exception("could not refund")

    async def recover(self) -> None:
        """Refunds the charges that could not be refunded at once."""
        for key in await self._orders.keys_to_refund():
            async with self._orders.exclusive(key) as locked:
                order = await locked.find()
                if order is not None and order.status is Status.REFUNDING:
                    await self._refund(locked, order)

    async def close(self) -> None:
        """Waits for the orders and confirmations in progress."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSING_SECONDS)

    def _start(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _tolerate(work: Coroutine[Any, Any, None], what: str, order: Order) -> None:
    try:
        await work
    except grpc.aio.AioRpcError as error:
        about = {"order_id": str(order.id), "code": error.code().name, "reason": error.details()}
        _log.warning("%s failed", what, extra=about)
