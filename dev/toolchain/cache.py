"""Fills directories of the user's cache. Each is complete or absent, and only one thread of one process fills it."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from dev.errors import ActionableError
from dev.locks import hold
from dev.progress import Progress

_GIGABYTE = 10**9


def ensure_directory(target: Path, name: str, fill: Callable[[Path], None], progress: Progress | None = None) -> None:
    """Creates `target` unless it exists.

    Args:
        name: What the directory holds, for people.
        fill: Puts the content into an empty directory, which becomes `target` once all of it is there.
    """
    if target.exists():
        return
    with hold(target.with_name(f".{target.name}.lock"), f"Waiting for {name}, which is being prepared", progress):
        if target.exists():
            return
        partial = target.with_name(f".{target.name}.partial")
        # An earlier run may have been killed.
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            fill(partial)
            partial.rename(target)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise ActionableError(f"The disk that holds {target} is full: make room and run this again.") from error
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def require_space(directory: Path, gigabytes: int, purpose: str) -> None:
    """Raises ActionableError if `directory` has less room than `purpose` needs."""
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < gigabytes * _GIGABYTE:
        raise ActionableError(
            f"{purpose} needs {gigabytes} GB of disk and {directory} has {free / _GIGABYTE:.1f} GB left: "
            "make room, or set BOUTIQUE_CACHE to a directory on another disk."
        )
