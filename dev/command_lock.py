"""Ensures that only one command at a time changes what runs on this machine."""

import contextlib
import os
from collections.abc import Iterator

from filelock import FileLock, Timeout

from dev.directories import cache_directory
from dev.errors import ActionableError


@contextlib.contextmanager
def exclusive(command: str) -> Iterator[None]:
    """Holds the lock while `command` runs. Raises ActionableError with the name of the command that holds it."""
    path = cache_directory() / "session"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(path).acquire(blocking=False)
    except Timeout:
        raise ActionableError(f"{path.read_text()} is running: wait for it, or end it.") from None
    with lock:
        path.write_text(f"`boutique {command}` (process {os.getpid()})")
        yield
