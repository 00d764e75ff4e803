"""Where files outside the repository are kept."""

import os
from pathlib import Path


def cache_directory() -> Path:
    """What can be fetched or built again: tools, images."""
    return _directory("BOUTIQUE_CACHE", "XDG_CACHE_HOME", ".cache")


def state_directory() -> Path:
    """What belongs to the running local environment; empty when nothing runs."""
    return _directory("BOUTIQUE_STATE", "XDG_STATE_HOME", ".local/state")


def _directory(own_variable: str, base_variable: str, default_base: str) -> Path:
    if own := os.environ.get(own_variable):
        return Path(own).expanduser().absolute()
    base = os.environ.get(base_variable)
    return (Path(base) if base else Path.home() / default_base).absolute() / "boutique"
