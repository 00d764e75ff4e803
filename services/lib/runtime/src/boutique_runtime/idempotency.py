"""The idempotency key: calls with the same one count once, and are answered alike."""

from typing import Any

import grpc

from boutique_runtime.errors import InvalidFieldError

IDEMPOTENCY_KEY = "idempotency-key"
"""gRPC metadata key that carries it."""

_MAXIMUM_LENGTH = 128


def idempotency_key(context: grpc.aio.ServicerContext[Any, Any]) -> str | None:
    """The key that the caller gave, or None. Raises InvalidFieldError where it is empty or too long."""
    given = next((value for key, value in context.invocation_metadata() or () if key == IDEMPOTENCY_KEY), None)
    if given is None:
        return None
    if not 1 <= len(given) <= _MAXIMUM_LENGTH:
        raise InvalidFieldError(IDEMPOTENCY_KEY, f"must have 1 to {_MAXIMUM_LENGTH} characters")
    return str(given)
