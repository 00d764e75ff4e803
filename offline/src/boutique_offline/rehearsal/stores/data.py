"""Where the stores of a rehearsal keep their data."""

import hashlib
import shutil
import tempfile
from pathlib import Path


def data_directory(state: Path) -> Path:
    """Of the stores whose state is kept there: of a short path that whoever runs Postgres can reach, also for root."""
    return Path(tempfile.gettempdir()) / f"boutique-{hashlib.sha256(str(state.absolute()).encode()).hexdigest()[:8]}"


def remove(state: Path) -> None:
    """Removes what stores that do not run any more have left."""
    shutil.rmtree(data_directory(state), ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
