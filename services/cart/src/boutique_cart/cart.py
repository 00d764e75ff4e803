"""The rules of a cart."""

import re

from boutique_runtime.errors import InvalidFieldError

MAXIMUM_PER_ADD = 10
MAXIMUM_PER_PRODUCT = 99
MAXIMUM_PRODUCTS = 100
LIFETIME_SECONDS = 60 * 24 * 60 * 60

_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def check_user_id(user_id: str) -> None:
    """Raises InvalidFieldError."""
    if not _IDENTIFIER.fullmatch(user_id):
        raise InvalidFieldError("user_id", "must be 1 to 128 letters, digits, or any of . _ : -")


def check_product_id(product_id: str, field: str) -> None:
    """Raises InvalidFieldError."""
    if not _IDENTIFIER.fullmatch(product_id):
        raise InvalidFieldError(field, "must be 1 to 128 letters, digits, or any of . _ : -")


def check_added_quantity(quantity: int) -> None:
    """Raises InvalidFieldError."""
    if not 1 <= quantity <= MAXIMUM_PER_ADD:
        raise InvalidFieldError("item.quantity", f"must be 1 to {MAXIMUM_PER_ADD}, not {quantity}")


def check_set_quantity(quantity: int) -> None:
    """Raises InvalidFieldError."""
    if not 0 <= quantity <= MAXIMUM_PER_PRODUCT:
        raise InvalidFieldError("item.quantity", f"must be 0 to {MAXIMUM_PER_PRODUCT}, not {quantity}")
