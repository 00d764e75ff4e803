"""What shipping costs, which orders can be shipped, and how a parcel is told from all others."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from decimal import Decimal
from string import ascii_uppercase

from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money
from hipstershop import shop_pb2

FREE = Money.from_decimal("USD", Decimal(0))
FLAT_RATE = Money.from_decimal("USD", Decimal("8.99"))

MAXIMUM_QUANTITY = 10_000
MAXIMUM_LENGTHS = {"street_address": 512, "city": 128, "state": 128, "country": 128, "postal_code": 32}

# Not every country has states or postal codes.
_REQUIRED_FIELDS = ("street_address", "city", "country")
_PRODUCT_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def quote(items: Sequence[shop_pb2.CartItem]) -> Money:
    """What it costs to ship these, wherever to, in US dollars."""
    return FLAT_RATE if items else FREE


def check_items(items: Sequence[shop_pb2.CartItem]) -> None:
    """Raises InvalidFieldError."""
    for index, item in enumerate(items):
        if not _PRODUCT_ID.fullmatch(item.product_id):
            allowed = "must be 1 to 128 letters, digits, or any of . _ : -"
            raise InvalidFieldError(f"items[{index}].product_id", allowed)
        if not 1 <= item.quantity <= MAXIMUM_QUANTITY:
            raise InvalidFieldError(f"items[{index}].quantity", f"must be 1 to {MAXIMUM_QUANTITY}, not {item.quantity}")


def check_address(address: shop_pb2.Address) -> None:
    """As for a quote, which may be asked before the address is known. Raises InvalidFieldError."""
    for field, maximum in MAXIMUM_LENGTHS.items():
        if len(getattr(address, field)) > maximum:
            raise InvalidFieldError(f"address.{field}", f"must have at most {maximum} characters")
    if address.zip_code < 0:
        raise InvalidFieldError("address.zip_code", "must not be negative")


def check_delivery_address(address: shop_pb2.Address) -> None:
    """As for a parcel, which must arrive. Raises InvalidFieldError."""
    check_address(address)
    for field in _REQUIRED_FIELDS:
        if not getattr(address, field).strip():
            raise InvalidFieldError(f"address.{field}", "must not be empty")


def new_tracking_id(idempotency_key: str | None) -> str:
    """Such as `AB-12345-123456789`: not to be guessed, but the same one for the same key."""
    seed = secrets.token_bytes(32) if idempotency_key is None else idempotency_key.encode()
    number = int.from_bytes(hashlib.sha256(b"tracking id of " + seed).digest())
    number, first = divmod(number, 26)
    number, second = divmod(number, 26)
    number, short = divmod(number, 10**5)
    return f"{ascii_uppercase[first]}{ascii_uppercase[second]}-{short:05}-{number % 10**9:09}"
