"""The idempotency key: calls with the same key take effect once and return the same."""

from typing import Any

import grpc

from boutique_contract.limits import IDEMPOTENCY_KEY as KEY_RULE
from boutique_runtime.errors import check_field

IDEMPOTENCY_KEY = "idempotency-key"
"""The gRPC metadata key that carries it."""


def idempotency_key(context: grpc.aio.ServicerContext[Any, Any]) -> str | None:
    """Returns the caller's key, or None. Raises InvalidFieldError if it breaks the rule."""
    value = next((value for key, value in context.invocation_metadata() or () if key == IDEMPOTENCY_KEY), None)
    if value is None:
        return None
    check_field(IDEMPOTENCY_KEY, str(value), KEY_RULE)
    return str(value)
