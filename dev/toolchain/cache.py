"""The user's cache of tools: a directory is in it whole or not at all, and one run writes at a time."""

import contextlib
import errno
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dev.errors import ActionableError
from dev.progress import Progress

_GIGABYTE = 10**9
_PARTIAL = ".partial-"


@contextlib.contextmanager
def locked(directory: Path, progress: Progress) -> Iterator[None]:
    """Holds the cache against other runs, and clears what a killed run left half-made."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step(f"Waiting for another run that is filling {directory}"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(f"{_PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextlib.contextmanager
def published(target: Path, root: Path) -> Iterator[Path]:
    """A fresh directory to fill; it appears as `target` when the block ends well, and nowhere otherwise."""
    partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=root))
    try:
        yield partial
        partial.chmod(0o755)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ActionableError(f"The disk that holds {root} is full: make room and run this again.") from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def require_space(directory: Path, gigabytes: int, purpose: str) -> None:
    """Raises ActionableError where `directory` has less room than `purpose` needs."""
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < gigabytes * _GIGABYTE:
        raise ActionableError(
            f"{purpose} needs {gigabytes} GB of disk and {directory} has {free / _GIGABYTE:.1f} GB left: "
            "make room, or set BOUTIQUE_CACHE to a directory on another disk."
        )
