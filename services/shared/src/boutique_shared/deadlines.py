"""The caller's deadline, passed on: no call of ours outlives the request that it is made for."""

import contextvars
import time

_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


def begin_deadline(remaining_seconds: float | None) -> None:
    """Sets the deadline of the current task: seconds from now, or None for no deadline."""
    _deadline.set(None if remaining_seconds is None else time.monotonic() + remaining_seconds)


def within_deadline(timeout_seconds: float) -> float:
    """The given timeout, in seconds, or what is left until the caller's deadline where that is less."""
    deadline = _deadline.get()
    return timeout_seconds if deadline is None else max(0.0, min(timeout_seconds, deadline - time.monotonic()))
