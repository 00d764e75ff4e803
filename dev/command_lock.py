"""One command at a time changes the local environment."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from dev.directories import cache_directory
from dev.errors import ActionableError


@contextlib.contextmanager
def exclusive(command: str) -> Iterator[None]:
    """Holds the environment for `command`. Raises ActionableError, saying who has it, where another command does."""
    path = cache_directory() / "session"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as session:
        try:
            fcntl.flock(session, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            session.seek(0)
            raise ActionableError(f"`make {session.read()}) is running: wait for it, or end it.") from None
        session.truncate(0)
        session.write(f"{command}` (process {os.getpid()}")
        session.flush()
        yield
