"""Reports the drift between a stack and its account in one open issue per stack."""

from collections.abc import Callable
from typing import Final

from cli.github import MARKER_BYTES, Repository, close, issues, publish
from cli.plan import parse_plan
from cli.preview.changes import changed_resources
from cli.preview.report import LONGEST, Previewed, report

DRIFTED: Final = 3
"""Exit status if there is drift. A failure or a wrong command has another."""

_CLOSING_COMMENT: Final = "The drift is gone: the account matches the program and the stack's file again."


def drift(stack: str, difference: Callable[[str], str], repository: str | None = None) -> int:
    """Prints the drift, or writes it to an issue, and returns the exit status.

    Closes the issue if there is no drift any more.

    Args:
        stack: The name of the stack.
        difference: Refreshes a copy of the stack's state and returns the plan against it, as JSON.
        repository: The repository on GitHub for the issue, such as `acme/boutique`. Only prints without it.

    Raises:
        ActionableError: If the drift can't be determined.
    """
    changes = changed_resources(parse_plan(difference(stack), f"the preview of {stack} after a refresh"))
    place = (
        issues(Repository(repository), f"Drift of {stack}", f"<!-- boutique: drift of {stack} -->")
        if repository
        else None
    )
    if changes:
        body = report(_introduction(stack), [Previewed(stack, changes)], longest=LONGEST - MARKER_BYTES)
        print(publish(place, body) if place else body)
        return DRIFTED
    print(f"{stack} has no drift.")
    for address in close(place, _CLOSING_COMMENT) if place else []:
        print(f"Closed: {address}")
    return 0


def _introduction(stack: str) -> str:
    return (
        f"The account of `{stack}` differs from the program and stacks/Pulumi.{stack}.yaml: somebody changed it by "
        "hand, or a merged change was not applied.\n\n"
        f"`boutique up {stack}` would make the following changes. To keep a change made by hand, add it to the "
        "program or to the stack's file first."
    )
