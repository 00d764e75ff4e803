"""Checks and ids of charges and refunds, which are simulated: no money moves, and nothing is stored."""

import re
import uuid

from boutique_contract.limits import CURRENCY_CODE
from boutique_runtime.errors import InvalidFieldError, check_field
from boutique_runtime.money import Money

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CHARGES = uuid.UUID("b24d3da9-36b3-47f6-bc1d-96a5f63680d3")


def check_amount(amount: Money) -> None:
    """Raises InvalidFieldError if the amount cannot be charged."""
    check_field("amount.currency_code", amount.currency_code, CURRENCY_CODE)
    if amount.total_nanos <= 0:
        raise InvalidFieldError("amount", "must be more than 0")


def new_transaction_id(idempotency_key: str | None) -> str:
    """Returns a UUID, the same for the same key, so that a repeated charge counts once."""
    return str(uuid.uuid4() if idempotency_key is None else uuid.uuid5(_CHARGES, idempotency_key))


def check_transaction_id(transaction_id: str) -> None:
    """Raises InvalidFieldError if it is not the id of a charge."""
    if not _UUID.fullmatch(transaction_id):
        raise InvalidFieldError("transaction_id", "must be the UUID that a charge returned")
