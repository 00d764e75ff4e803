"""Opens a stack: checks its files, and decides where it runs."""

from enum import Enum, auto

from cli.stacks.account import AccountTarget, has_credentials
from cli.stacks.local import LocalTarget
from cli.stacks.names import require_stack
from cli.stacks.rehearsal import RehearsalTarget
from cli.stacks.running import rehearsed_stack
from cli.stacks.target import Target
from dev.errors import ActionableError
from infra.check import check


class Rehearse(Enum):
    """Decides when a command works on a rehearsal of a stack on AWS instead of its account."""

    NEVER = auto()
    IF_RUNNING = auto()
    WITHOUT_CREDENTIALS = auto()
    ALWAYS = auto()


def open_stack(name: str, rehearse: Rehearse = Rehearse.NEVER) -> Target:
    """Returns the stack where it runs: on this machine, in its account, or in a rehearsal.

    Raises:
        ActionableError: There is no such stack, or it has no account to rehearse.
        ConfigError: The stack's settings or a service file has errors.
    """
    require_stack(name)
    settings = check(name)
    if settings.aws is None:
        if rehearse is Rehearse.ALWAYS:
            raise ActionableError(f"{name} is not on AWS: `boutique up {name}` runs it on this machine.")
        return LocalTarget(name, settings)
    if _is_rehearsed(name, rehearse):
        return RehearsalTarget(name, settings)
    return AccountTarget(name, settings)


def _is_rehearsed(name: str, rehearse: Rehearse) -> bool:
    match rehearse:
        case Rehearse.NEVER:
            return False
        case Rehearse.IF_RUNNING:
            return rehearsed_stack() == name
        case Rehearse.WITHOUT_CREDENTIALS:
            return not has_credentials()
        case Rehearse.ALWAYS:
            return True
