"""The file that holds a stack's plan, which cost, scan, and comment read."""

from pathlib import Path

from cli.stacks.opening import Rehearse, open_stack
from dev.command_lock import exclusive
from dev.errors import ActionableError
from dev.virtual_environment import ROOT

BUILD = ROOT / "build"


def plan_file(stack: str, directory: Path = BUILD) -> Path:
    """Returns the file of the stack's plan."""
    return directory / f"plan-{stack}.json"


def write_plan(stack: str, directory: Path = BUILD) -> Path:
    """Writes what `up` would create to the stack's file.

    If there is no plan, writes the reason to a file that ends in `.failed`, and raises it. Either file replaces what an
    earlier run left.
    """
    file = plan_file(stack, directory)
    failure = file.with_suffix(".failed")
    directory.mkdir(exist_ok=True)
    for former in (file, failure):
        former.unlink(missing_ok=True)
    try:
        with exclusive("plan"):
            content = open_stack(stack, Rehearse.WITHOUT_CREDENTIALS).plan()
    except ActionableError as error:
        failure.write_text(str(error))
        raise
    file.write_text(content)
    return file
