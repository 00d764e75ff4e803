"""Ensures that only one shop runs on this machine."""

from pathlib import Path

from dev.directories import state_directory
from dev.errors import ActionableError


def rehearsal_directory() -> Path:
    """Returns the directory of the rehearsal's files."""
    return state_directory() / "rehearsal"


def rehearsed_stack() -> str | None:
    """Returns the name of the stack that is rehearsed, if there is one."""
    marker = rehearsal_directory() / "stack"
    return marker.read_text() if marker.exists() else None


def ensure_no_rehearsal(command: str) -> None:
    """Raises ActionableError if a rehearsal is running."""
    if stack := rehearsed_stack():
        raise ActionableError(
            f"`{command}` cannot run beside the rehearsal of {stack}: `boutique down {stack}` removes that."
        )


def ensure_room_for_rehearsal(stack: str) -> None:
    """Raises ActionableError if another stack is rehearsed, or the local one is running."""
    if (other := rehearsed_stack()) and other != stack:
        raise ActionableError(f"A rehearsal of {other} is running: `boutique down {other}` removes it.")
    if (state_directory() / "pulumi").exists():
        raise ActionableError("The stack local is running, and there is room for one shop: `boutique down` removes it.")
