"""The contract's CheckoutService."""

import uuid
from typing import Any

import grpc

from boutique_checkout.checkout import Checkout
from boutique_checkout.order import check_quote_request, check_request
from boutique_runtime.idempotency import idempotency_key
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class CheckoutServicer(shop_pb2_grpc.CheckoutServiceServicer):
    """Checks requests and places orders."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    async def PlaceOrder(self, request: shop_pb2.PlaceOrderRequest, context: Context) -> shop_pb2.PlaceOrderResponse:
        # Without a key, a new one that no other call has.
        key = idempotency_key(context) or uuid.uuid4().hex
        check_request(request)
        order = await self._checkout.place(request, key)
        return shop_pb2.PlaceOrderResponse(order=order.to_wire())

    async def QuoteOrder(self, request: shop_pb2.QuoteOrderRequest, context: Context) -> shop_pb2.QuoteOrderResponse:
        check_quote_request(request)
        quote = await self._checkout.quote(request)
        return shop_pb2.QuoteOrderResponse(
            items_total=quote.items_total.to_wire(), shipping_cost=quote.shipping_cost.to_wire()
        )
