"""The directories for files outside the repository."""

import os
from pathlib import Path


def cache_directory() -> Path:
    """Returns the directory for what can be downloaded or built again: tools, dependencies."""
    return _directory("BOUTIQUE_CACHE", "XDG_CACHE_HOME", ".cache")


def state_directory() -> Path:
    """Returns the directory for what belongs to the running shop. It does not exist if nothing is running."""
    return _directory("BOUTIQUE_STATE", "XDG_STATE_HOME", ".local/state")


def _directory(own_variable: str, base_variable: str, default_base: str) -> Path:
    if own := os.environ.get(own_variable):
        return Path(own).expanduser().absolute()
    base = os.environ.get(base_variable)
    return (Path(base) if base else Path.home() / default_base).absolute() / "boutique"
