"""Charges and refunds, as far as there are any: no money moves, and nothing is stored."""

import re
import uuid

from boutique_runtime.errors import InvalidFieldError
from boutique_runtime.money import Money

_CURRENCY_CODE = re.compile(r"[A-Z]{3}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CHARGES = uuid.UUID("b24d3da9-36b3-47f6-bc1d-96a5f63680d3")


def check_amount(amount: Money) -> None:
    """Raises InvalidFieldError."""
    if not _CURRENCY_CODE.fullmatch(amount.currency_code):
        raise InvalidFieldError("amount.currency_code", "must be an ISO 4217 code, such as USD")
    if amount.total_nanos <= 0:
        raise InvalidFieldError("amount", "must be more than 0")


def new_transaction_id(idempotency_key: str | None) -> str:
    """A UUID: the same one for the same key, so that a charge made twice is seen to be one."""
    return str(uuid.uuid4() if idempotency_key is None else uuid.uuid5(_CHARGES, idempotency_key))


def check_transaction_id(transaction_id: str) -> None:
    """Raises InvalidFieldError."""
    if not _UUID.fullmatch(transaction_id):
        raise InvalidFieldError("transaction_id", "must be the UUID that a charge answered")
