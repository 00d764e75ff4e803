"""Waits for something that another process does."""

import time
from collections.abc import Callable

WAIT_SECONDS = 60


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Fails if the condition is not true within WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s for {what}"
        time.sleep(0.02)
