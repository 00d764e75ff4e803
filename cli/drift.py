"""What was changed behind Pulumi's back: one open issue for each stack, for as long as there is anything."""

from collections.abc import Callable
from typing import Final

from cli.github.api import GitHub
from cli.github.posts import MARKER_BYTES, Issues, publish
from cli.plan import parse_plan
from cli.preview.changes import changed_resources
from cli.preview.report import LONGEST, Previewed, report

DRIFTED: Final = 3
"""The exit status where there is any: neither that of a failure nor that of a wrong command."""

_CLOSING: Final = "There is no difference any more: what is there is again what the program and the stack's file say."


def drift(stack: str, difference: Callable[[str], str], github: GitHub | None) -> int:
    """Answers the exit status. Raises ActionableError where it can't be told whether there is any.

    `difference` answers the stack's plan after a look at what is there, as JSON. Without `github` it is only printed.
    """
    changes = changed_resources(parse_plan(difference(stack), f"the preview of {stack} after a refresh"))
    issues = Issues(github, f"Drift of {stack}", f"<!-- boutique: drift of {stack} -->") if github else None
    if changes:
        body = report(_title(stack), [Previewed(stack, changes)], longest=LONGEST - MARKER_BYTES)
        print(publish(issues, body).address if issues else body)
        return DRIFTED
    print(f"{stack} is as it should be.")
    if issues:
        _close(issues)
    return 0


def _close(issues: Issues) -> None:
    for issue in issues.ours():
        issues.close(issue, _CLOSING)
        print(f"Closed: {issue.address}")


def _title(stack: str) -> str:
    return (
        f"What is there of `{stack}` is not what the program and stacks/Pulumi.{stack}.yaml say: somebody changed it "
        f"by hand, or what was merged was not applied.\n\n`make up STACK={stack}` would do the following. Where a "
        "change by hand was right, write it into the program or the file first."
    )
