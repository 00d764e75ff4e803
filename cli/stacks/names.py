"""The stacks that this repository has settings for."""

from dev.errors import ActionableError
from dev.virtual_environment import ROOT


def stack_names() -> list[str]:
    """Returns the name of every stack that has a settings file, sorted."""
    return sorted(path.stem.removeprefix("Pulumi.") for path in ROOT.glob("stacks/Pulumi.*.yaml"))


def require_stack(name: str) -> None:
    """Raises ActionableError if there is no such stack."""
    if name not in (stacks := stack_names()):
        raise ActionableError(f"There is no stack {name!r}: stacks/ has {', '.join(stacks)}.")
