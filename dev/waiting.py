"""Waits for what others bring about: a condition, or another run that holds a directory."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from dev.errors import ActionableError
from dev.progress import Progress

_POLL_INTERVAL: Final = 0.1


def wait_until(condition: Callable[[], bool], timeout: float, failure: str) -> None:
    """Returns as soon as the condition holds. Raises ActionableError with `failure` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise ActionableError(f"{failure} (waited {timeout:g} s).")
        time.sleep(_POLL_INTERVAL)


@contextlib.contextmanager
def locked(directory: Path, progress: Progress) -> Iterator[None]:
    """Holds a directory against other runs; makes it first, and removes it at the end where it is empty."""
    descriptor = _open_existing(directory, progress)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            directory.rmdir()
        os.close(descriptor)


def _open_existing(directory: Path, progress: Progress) -> int:
    while True:
        # The other run may remove the directory at any moment: between these two steps, and between mkdir's finding it
        # there and its check of what it found (which is why exist_ok would not do).
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        try:
            descriptor = os.open(directory, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step(f"Waiting for another run that holds {directory}"):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        # The other run may have removed the directory while this one waited for it.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(directory.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)
