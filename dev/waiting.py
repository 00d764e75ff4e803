"""Waits for conditions."""

import time
from collections.abc import Callable
from typing import Final

from dev.errors import ActionableError

_POLL_INTERVAL: Final = 0.1


def wait_until(condition: Callable[[], bool], timeout: float, failure: str) -> None:
    """Waits until the condition holds. Raises ActionableError with `failure` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise ActionableError(f"{failure} (waited {timeout:g} s).")
        time.sleep(_POLL_INTERVAL)
