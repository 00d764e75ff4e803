"""CheckoutService of the contract."""

import uuid
from typing import Any

import grpc

from boutique_checkout.checkout import Checkout
from boutique_checkout.dependencies import IDEMPOTENCY_KEY
from boutique_checkout.order import check_idempotency_key, check_request
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class CheckoutServicer(shop_pb2_grpc.CheckoutServiceServicer):
    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    async def PlaceOrder(self, request: shop_pb2.PlaceOrderRequest, context: Context) -> shop_pb2.PlaceOrderResponse:
        key = _idempotency_key(context)
        check_idempotency_key(key)
        check_request(request)
        order = await self._checkout.place(request, key)
        return shop_pb2.PlaceOrderResponse(order=order.to_wire())


def _idempotency_key(context: Context) -> str:
    """The caller's, or one of our own that no other call has."""
    given = (str(value) for name, value in context.invocation_metadata() or () if name == IDEMPOTENCY_KEY)
    return next(given, uuid.uuid4().hex)
