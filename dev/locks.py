"""Locks that one thread of one process holds at a time."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from dev.progress import Progress


@contextlib.contextmanager
def hold(path: Path, waiting: str, progress: Progress | None) -> Iterator[None]:
    """Holds the lock file at `path`, and removes it at the end.

    Args:
        waiting: The step to show while another thread or process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        with progress.step(waiting) if progress else contextlib.nullcontext():
            lock.acquire()
    try:
        yield
    finally:
        # Before the release: another process that opened the file meanwhile sees that it is gone, and opens a new one.
        path.unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def hold_directory(directory: Path, progress: Progress) -> Iterator[None]:
    """Holds a directory against other commands. Creates it first, and removes it at the end if it is empty."""
    lock = directory.with_name(f"{directory.name}.lock")
    with hold(lock, f"Waiting for another command that uses {directory}", progress):
        directory.mkdir(mode=0o700, exist_ok=True)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                directory.rmdir()
