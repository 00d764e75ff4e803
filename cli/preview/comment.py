"""The one comment of a pull request, of the previews of all stacks that it touches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.cost.difference import CostDifference, cost_difference
from cli.github.api import GitHub
from cli.github.posts import MARKER_BYTES, Comments, publish
from cli.plan import Plan, read_plan
from cli.preview.changes import changed_resources
from cli.preview.report import LONGEST, NotPreviewed, Outcome, Previewed, report
from cli.preview.violations import violations
from infra.settings import check_settings, read_settings

MARKER: Final = "<!-- boutique: preview -->"
_TITLE: Final = "## Preview"
_FORK: Final = (
    f"{_TITLE}\n\n**No preview was made.** This pull request comes from a fork, and what comes from a fork gets no "
    "credentials. Someone who may push can read it, push it to a branch of this repository, and open a pull request "
    "from there."
)


def written(stacks: Sequence[str], plans: Path) -> str:
    """From what `make plan` left of each stack in the directory `plans`. Without stacks: that of a fork's request.

    Raises ConfigError where a plan, or the file of a stack, is damaged.
    """
    if not stacks:
        return _FORK
    return report(_TITLE, [_outcome(stack, plans) for stack in stacks], longest=LONGEST - MARKER_BYTES)


def comment(github: GitHub, pull_request: int, body: str) -> None:
    """Makes the comment, or mends the one that is there, and prints its address. Raises ActionableError."""
    print(publish(Comments(github, pull_request, MARKER), body).address)


def _outcome(stack: str, plans: Path) -> Outcome:
    file = plans / f"plan-{stack}.json"
    failure = file.with_suffix(".failed")
    if failure.exists():
        return NotPreviewed(stack, failure.read_text())
    if not file.exists():
        return NotPreviewed(stack, f"`make plan STACK={stack}` has left neither a plan nor a reason why there is none.")
    plan = read_plan(file)
    return Previewed(stack, changed_resources(plan), violations(plan, stack), _cost(stack, plan))


def _cost(stack: str, plan: Plan) -> CostDifference | None:
    settings = check_settings(stack, read_settings(stack)).aws
    return cost_difference(plan, settings) if settings else None
