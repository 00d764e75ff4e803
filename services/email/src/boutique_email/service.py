"""The contract's EmailService."""

from typing import Any

import grpc

from boutique_contract.addresses import address_problem, postal_code_of
from boutique_email.confirmation import Confirmation, Line
from boutique_email.outbox import Outbox
from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class EmailServicer(shop_pb2_grpc.EmailServiceServicer):
    """Puts confirmations into the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def SendOrderConfirmation(
        self, request: shop_pb2.SendOrderConfirmationRequest, context: Context
    ) -> shop_pb2.Empty:
        self._outbox.accept(_confirmation(request))
        return shop_pb2.Empty()


def _confirmation(request: shop_pb2.SendOrderConfirmationRequest) -> Confirmation:
    order = request.order
    if problem := address_problem(order.shipping_address, complete=False):
        field, allowed = problem
        raise InvalidFieldError(f"order.shipping_{field}", allowed)
    return Confirmation(
        email=request.email,
        order_id=order.order_id,
        tracking_id=order.shipping_tracking_id,
        shipping_cost=Money.from_wire(order.shipping_cost, "order.shipping_cost"),
        address=_address(order.shipping_address),
        lines=tuple(
            Line(
                product_id=item.item.product_id,
                quantity=item.item.quantity,
                price=Money.from_wire(item.cost, f"order.items[{index}].cost"),
            )
            for index, item in enumerate(order.items)
        ),
    )


def _address(address: shop_pb2.Address) -> tuple[str, ...]:
    place = ", ".join(part for part in (address.city, address.state) if part)
    lines = (address.street_address, f"{place} {postal_code_of(address)}".strip(), address.country)
    return tuple(line for line in lines if line)
