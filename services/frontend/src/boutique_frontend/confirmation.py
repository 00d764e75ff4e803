"""An order that was placed, as the visitor's own cookie carries it from the post to the confirmation page.

The storefront's replicas then need no store between them, and the page can be loaded again.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Self

from google.protobuf.message import DecodeError

from boutique_shared.errors import InvalidFieldError
from boutique_shared.money import Money
from hipstershop import shop_pb2

COOKIE = "shop_order"
PATH = "/order"
# Browsers drop a cookie of more than 4096 bytes, its name and attributes included.
MAXIMUM_COOKIE_LENGTH = 3800
_MAXIMUM_MESSAGE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """`product_id` is empty in an order's only line where its products were too many for the cookie."""

    product_id: str
    quantity: int
    total: Money


@dataclass(frozen=True, slots=True)
class Confirmation:
    order_id: str
    tracking_id: str
    lines: tuple[ConfirmedLine, ...]
    shipping: Money

    @classmethod
    def of(cls, order: shop_pb2.OrderResult) -> Self:
        """Raises InvalidFieldError where an amount is none."""
        return cls(
            order_id=order.order_id,
            tracking_id=order.shipping_tracking_id,
            lines=tuple(
                ConfirmedLine(
                    product_id=line.item.product_id,
                    quantity=line.item.quantity,
                    total=Money.from_wire(line.cost) * line.item.quantity,
                )
                for line in order.items
            ),
            shipping=Money.from_wire(order.shipping_cost),
        )

    @property
    def total(self) -> Money:
        return sum((line.total for line in self.lines), self.shipping)


def to_cookie(order: shop_pb2.OrderResult) -> str:
    """Without the address, which the page does not show."""
    kept = shop_pb2.OrderResult()
    kept.CopyFrom(order)
    kept.ClearField("shipping_address")
    cookie = _encode(kept)
    if len(cookie) > MAXIMUM_COOKIE_LENGTH:
        confirmation = Confirmation.of(order)
        cost = sum((line.total for line in confirmation.lines), confirmation.shipping * 0)
        kept.ClearField("items")
        kept.items.add(item=shop_pb2.CartItem(quantity=1), cost=cost.to_wire())
        cookie = _encode(kept)
    return cookie


def from_cookie(cookie: str) -> Confirmation | None:
    """None where it holds no order."""
    try:
        packed = base64.urlsafe_b64decode(cookie)
        message = zlib.decompressobj().decompress(packed, _MAXIMUM_MESSAGE_BYTES)
        return Confirmation.of(shop_pb2.OrderResult.FromString(message))
    except (binascii.Error, zlib.error, DecodeError, InvalidFieldError, ValueError):
        return None


def _encode(order: shop_pb2.OrderResult) -> str:
    return base64.urlsafe_b64encode(zlib.compress(order.SerializeToString(), 9)).decode()
