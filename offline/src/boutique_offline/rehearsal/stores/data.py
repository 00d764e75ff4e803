"""The directories in which the stores of a rehearsal keep their data."""

import hashlib
import shutil
import tempfile
from pathlib import Path


def data_directory(state: Path) -> Path:
    """Returns the data directory that belongs to a state directory.

    Its path is short enough for a Unix socket, and the user who runs Postgres can reach it even if that is not root.
    """
    return Path(tempfile.gettempdir()) / f"boutique-{hashlib.sha256(str(state.absolute()).encode()).hexdigest()[:8]}"


def remove(state: Path) -> None:
    """Removes the state and the data of stores that no longer run."""
    shutil.rmtree(data_directory(state), ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
