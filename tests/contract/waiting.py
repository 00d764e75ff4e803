"""Waiting for what another process does in its own time."""

import time
from collections.abc import Callable

WAIT_SECONDS = 60


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Fails where it does not come true in WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come in {WAIT_SECONDS} s"
        time.sleep(0.02)
