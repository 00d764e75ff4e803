"""Placing an order, once: what it comes to, what is done in which order, and how it is undone."""

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
"""How long an answer waits for the cart to be empty: as long as a replica of cart takes to be replaced."""
_SETTLING_SECONDS = 60
_CLOSING_SECONDS = 10

Result = TypeVar("Result")


class PricedCart(NamedTuple):
    """Exact amounts in the shopper's currency: a price for each item."""

    items: Sequence[shop_pb2.CartItem]
    prices: Sequence[Money]
    shipping_cost: Money


class Checkout:
    def __init__(self, dependencies: Dependencies, orders: OrderStore) -> None:
        self._dependencies = dependencies
        self._orders = orders
        self._tasks: set[asyncio.Task[Any]] = set()

    async def place(self, request: shop_pb2.PlaceOrderRequest, idempotency_key: str) -> Order:
        """Places the order of a valid request, or answers what was placed for its key before.

        An order that fails has charged nothing, or its charge is given back where payment can do that and answers; the
        caller may send it again with the same key. Goes on where the caller goes away, so that none is left half done.

        Raises FailedPreconditionError where the key was used for another request, the cart is empty or holds a
        product that is no longer sold; AbortedError where the cart comes to something else than was agreed;
        InvalidRequestError with payment's words where the card is refused;
        InvalidFieldError where the currency is not one of the shop's; UnavailableError where Postgres is away; and
        grpc.aio.AioRpcError where another service is late or away.
        """
        return await asyncio.shield(self._start(self._place(request, idempotency_key)))

    async def quote(self, request: shop_pb2.QuoteOrderRequest) -> Quote:
        """What an order of the cart as it is would come to.

        Raises FailedPreconditionError where the cart is empty or holds a product that is no longer sold;
        InvalidFieldError where the currency is not one of the shop's; and grpc.aio.AioRpcError where another service
        is late or away.
        """
        return quote_items(*await self._price(request.user_id, request.user_currency, request.address))

    async def _place(self, request: shop_pb2.PlaceOrderRequest, idempotency_key: str) -> Order:
        async with self._orders.exclusive(idempotency_key) as locked:
            order = await locked.find()
            if order is not None and order.fingerprint != fingerprint(request):
                raise FailedPreconditionError("idempotency-key: was used for another order; take a new one")
            if order is not None and order.status is Status.REFUNDING:
                order = await self._refund(locked, order)
                if order.status is Status.REFUNDING:
                    raise UnavailableError("an earlier charge for this order is still to be given back; try again")
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
            # An earlier attempt may have charged, whatever is said of the card now.
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
        """Asks payment again, which tells what became of the first charge, and gives it back."""
        set_deadline(None)
        try:
            transaction_id = await self._dependencies.charge(order, card)
        except (ServiceError, grpc.aio.AioRpcError) as error:
            # The order stays pending: the same idempotency key goes on from there, and charges once.
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
        """The order as it is then: refunded, still to be refunded, or charged where payment gives nothing back."""
        refunding = replace(order, status=Status.REFUNDING)
        await locked.advance(refunding)
        about = {"order_id": str(order.id), "transaction_id": order.transaction_id, "total": str(order.total)}
        try:
            await self._dependencies.refund(order.transaction_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                _log.error("a refund failed and will be tried again", extra={**about, "code": error.code().name})
                return refunding
            _log.error("payment cannot give a charge back: the order is charged and not shipped", extra=about)
            settled = replace(order, status=Status.CHARGED)
        else:
            _log.warning("refunded an order that was not shipped", extra=about)
            settled = replace(order, status=Status.REFUNDED, idempotency_key=None)
        await locked.advance(settled)
        return settled

    async def _follow_up(self, order: Order) -> None:
        """What may fail, or be late, without hurting the order.

        The cart is emptied before the answer or not at all: whatever the shopper adds once the order is confirmed is
        of the next one, while a cart that kept what was bought can be seen, and emptied by hand.
        """
        # Of the time that the caller still has, half is the answer's.
        emptying_seconds = min(_EMPTYING_SECONDS, clamp_to_deadline(math.inf) / 2)
        set_deadline(None)
        if order.email:
            self._start(_tolerate(self._dependencies.send_confirmation(order), "sending the confirmation", order))
        emptying = self._dependencies.empty_cart(order.user_id, emptying_seconds)
        await _tolerate(emptying, "emptying the cart", order)

    async def run_recovery_loop(self) -> None:
        """Every minute, gives back what could not be given back at once."""
        while True:
            await asyncio.sleep(_SETTLING_SECONDS)
            try:
                await self.settle()
            except Exception:  # noqa: BLE001 (the next round may do better)
                _log.exception("could not settle the refunds")

    async def settle(self) -> None:
        for key in await self._orders.keys_to_refund():
            async with self._orders.exclusive(key) as locked:
                order = await locked.find()
                if order is not None and order.status is Status.REFUNDING:
                    await self._refund(locked, order)

    async def close(self) -> None:
        """Waits for what is under way."""
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
