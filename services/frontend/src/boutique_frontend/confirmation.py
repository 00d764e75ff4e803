"""Receipts of placed orders, which the address of the confirmation page carries.

The storefront's replicas therefore share no store, and the page can be reloaded. A receipt is signed with the visitor's
session id, which nobody else knows, so that a forged receipt is rejected.
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from dataclasses import dataclass
from typing import Self

from boutique_runtime.money import Money
from hipstershop import shop_pb2

# Proxies accept at least 4096 bytes of response headers.
MAXIMUM_RECEIPT_LENGTH = 2000
_MAXIMUM_MESSAGE_BYTES = 64 * 1024
_SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """A line of the order. If the order was too long for a receipt, it has one line with an empty `product_id`."""

    product_id: str
    quantity: int
    total: Money


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The content of a confirmation page."""

    order_id: str
    tracking_id: str
    lines: tuple[ConfirmedLine, ...]
    shipping: Money

    @classmethod
    def of(cls, order: shop_pb2.OrderResult) -> Self:
        """Raises InvalidFieldError for an invalid amount."""
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
        """The total of all lines with shipping."""
        return sum((line.total for line in self.lines), self.shipping)


def write_receipt(order: shop_pb2.OrderResult, session_id: str) -> str:
    """Returns a receipt that fits into an address. It leaves out the shipping address, which the page does not show."""
    kept = shop_pb2.OrderResult()
    kept.CopyFrom(order)
    kept.ClearField("shipping_address")
    receipt = _pack(kept, session_id)
    if len(receipt) > MAXIMUM_RECEIPT_LENGTH:
        confirmation = Confirmation.of(order)
        cost = sum((line.total for line in confirmation.lines), confirmation.shipping * 0)
        kept.ClearField("items")
        kept.items.add(item=shop_pb2.CartItem(quantity=1), cost=cost.to_wire())
        receipt = _pack(kept, session_id)
    return receipt


def read_receipt(receipt: str, session_id: str) -> Confirmation | None:
    """Returns None if the receipt was not written for this session."""
    try:
        packed = base64.urlsafe_b64decode(receipt)
    except (binascii.Error, ValueError):
        return None
    signature, content = packed[:_SIGNATURE_BYTES], packed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(content, session_id)):
        return None
    message = zlib.decompressobj().decompress(content, _MAXIMUM_MESSAGE_BYTES)
    return Confirmation.of(shop_pb2.OrderResult.FromString(message))


def _pack(order: shop_pb2.OrderResult, session_id: str) -> str:
    content = zlib.compress(order.SerializeToString(), 9)
    return base64.urlsafe_b64encode(_sign(content, session_id) + content).decode()


def _sign(content: bytes, session_id: str) -> bytes:
    return hmac.digest(session_id.encode(), content, hashlib.sha256)[:_SIGNATURE_BYTES]
