"""The contract's ShippingService, simulated."""

import logging
from typing import Any

import grpc

from boutique_runtime.idempotency import idempotency_key
from boutique_shipping.shipping import check_address, check_items, new_tracking_id, quote
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

_log = logging.getLogger(__name__)


class ShippingServicer(shop_pb2_grpc.ShippingServiceServicer):
    """Quotes a flat rate, and ships by returning a tracking id."""

    async def GetQuote(self, request: shop_pb2.GetQuoteRequest, context: Context) -> shop_pb2.GetQuoteResponse:
        check_address(request.address, complete=False)
        check_items(request.items)
        return shop_pb2.GetQuoteResponse(cost_usd=quote(request.items).to_wire())

    async def ShipOrder(self, request: shop_pb2.ShipOrderRequest, context: Context) -> shop_pb2.ShipOrderResponse:
        tracking_id = new_tracking_id(idempotency_key(context))
        check_address(request.address, complete=True)
        check_items(request.items)
        _log.info("shipped (simulated)", extra={"tracking_id": tracking_id})
        return shop_pb2.ShipOrderResponse(tracking_id=tracking_id)
