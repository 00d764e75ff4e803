"""The caller's deadline, which is passed on, so that no call outlives the request that it serves."""

import contextvars
import re
import time

REQUEST_TIMEOUT_HEADER = "x-request-timeout"
"""The HTTP header with the number of seconds that the caller still waits, such as `4.25`.

gRPC sends the caller's deadline by itself; HTTP has no header for it. Without one, a service would continue to work for
a caller that has given up, and occupy resources that other callers wait for.
"""

_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")

_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


def set_deadline(remaining_seconds: float | None) -> None:
    """Sets the deadline of the current task: seconds from now, or None for no deadline."""
    _deadline.set(None if remaining_seconds is None else time.monotonic() + remaining_seconds)


def clamp_to_deadline(timeout_seconds: float) -> float:
    """Returns the timeout, or the seconds left until the caller's deadline if they are fewer."""
    deadline = _deadline.get()
    return timeout_seconds if deadline is None else max(0.0, min(timeout_seconds, deadline - time.monotonic()))


def read_request_timeout(value: str) -> float | None:
    """Returns the header's value in seconds, or None if it is not valid."""
    return float(value) if _SECONDS.fullmatch(value) else None
