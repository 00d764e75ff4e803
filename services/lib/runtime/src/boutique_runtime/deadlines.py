"""The caller's deadline, passed on: no call of ours outlives the request that it is made for."""

import contextvars
import re
import time

REQUEST_TIMEOUT_HEADER = "x-request-timeout"
"""HTTP header that says how many seconds the caller still waits, such as `4.25`.

gRPC tells its server the caller's deadline by itself; HTTP has no header for it. Without one, a service would go on for
a caller that has long given up, and hold what others wait for.
"""

_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")

_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


def set_deadline(remaining_seconds: float | None) -> None:
    """Sets the deadline of the current task: seconds from now, or None for no deadline."""
    _deadline.set(None if remaining_seconds is None else time.monotonic() + remaining_seconds)


def clamp_to_deadline(timeout_seconds: float) -> float:
    """The given timeout, in seconds, or what is left until the caller's deadline where that is less."""
    deadline = _deadline.get()
    return timeout_seconds if deadline is None else max(0.0, min(timeout_seconds, deadline - time.monotonic()))


def read_request_timeout(given: str) -> float | None:
    """The header's value in seconds, or None where it is not one."""
    return float(given) if _SECONDS.fullmatch(given) else None
