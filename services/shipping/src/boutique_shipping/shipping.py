"""Shipping costs, checks of what is shipped, and tracking ids."""

import hashlib
import secrets
from collections.abc import Sequence
from decimal import Decimal
from string import ascii_uppercase

from boutique_contract.addresses import address_problem
from boutique_contract.limits import IDENTIFIER, ORDERED_QUANTITY
from boutique_runtime.errors import InvalidFieldError, check_field
from boutique_runtime.money import Money
from hipstershop import shop_pb2

FREE = Money.from_decimal("USD", Decimal(0))
FLAT_RATE = Money.from_decimal("USD", Decimal("8.99"))


def quote(items: Sequence[shop_pb2.CartItem]) -> Money:
    """Returns the cost of shipping the items to any address, in US dollars."""
    return FLAT_RATE if items else FREE


def check_items(items: Sequence[shop_pb2.CartItem]) -> None:
    """Raises InvalidFieldError if an item breaks a rule."""
    for index, item in enumerate(items):
        check_field(f"items[{index}].product_id", item.product_id, IDENTIFIER)
        check_field(f"items[{index}].quantity", item.quantity, ORDERED_QUANTITY)


def check_address(address: shop_pb2.Address, *, complete: bool) -> None:
    """Raises InvalidFieldError if a field breaks a rule, or if one is missing that a parcel needs to arrive.

    Args:
        address: The address to check.
        complete: Whether a parcel must reach it. A quote may be requested before the address is known.
    """
    if problem := address_problem(address, complete=complete):
        raise InvalidFieldError(*problem)


def new_tracking_id(idempotency_key: str | None) -> str:
    """Returns an id such as `AB-12345-123456789`. It cannot be guessed, and is the same for the same key."""
    seed = secrets.token_bytes(32) if idempotency_key is None else idempotency_key.encode()
    number = int.from_bytes(hashlib.sha256(b"tracking id of " + seed).digest())
    number, first = divmod(number, 26)
    number, second = divmod(number, 26)
    number, short = divmod(number, 10**5)
    return f"{ascii_uppercase[first]}{ascii_uppercase[second]}-{short:05}-{number % 10**9:09}"
