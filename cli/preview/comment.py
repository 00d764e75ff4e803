"""Writes the previews of all stacks that a pull request affects into one comment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.cost.difference import CostDifference, cost_difference
from cli.cost.report import PRICES
from cli.github import MARKER_BYTES, Repository, comments, publish
from cli.plan import Plan, read_plan
from cli.preview.changes import changed_resources
from cli.preview.report import LONGEST, NotPreviewed, Outcome, Previewed, report
from cli.preview.violations import violations
from cli.stacks.plan_file import plan_file
from infra.config.settings import check_settings, read_settings

MARKER: Final = "<!-- boutique: preview -->"
_TITLE: Final = "## Preview"
_FORK: Final = (
    f"{_TITLE}\n\n**There is no preview.** This pull request comes from a fork, and pipelines for forks get no "
    "credentials. Someone with write access can review it, push it to a branch of this repository, and open a pull "
    "request from there."
)


def comment_text(stacks: Sequence[str], plans: Path, prices: Path = PRICES) -> str:
    """Returns the text of the comment.

    Args:
        stacks: The stacks to report on. Without any, the text explains why a fork gets no preview.
        plans: The directory with the files that `boutique plan` wrote.
        prices: The directory of the price cache.

    Raises:
        ConfigError: If a plan or a stack's file is invalid.
    """
    if not stacks:
        return _FORK
    return report(_TITLE, [_outcome(stack, plans, prices) for stack in stacks], longest=LONGEST - MARKER_BYTES)


def comment(repository: str, pull_request: int, text: str) -> None:
    """Creates or updates the comment and prints its address.

    Args:
        repository: The repository on GitHub, such as `acme/boutique`.
        pull_request: The number of the pull request.
        text: The text of the comment.

    Raises:
        ActionableError: If GitHub rejects a request.
    """
    print(publish(comments(Repository(repository), pull_request, MARKER), text))


def _outcome(stack: str, plans: Path, prices: Path) -> Outcome:
    file = plan_file(stack, plans)
    failure = file.with_suffix(".failed")
    if failure.exists():
        return NotPreviewed(stack, failure.read_text())
    if not file.exists():
        return NotPreviewed(stack, f"`boutique plan {stack}` wrote neither a plan nor the reason why there is none.")
    plan = read_plan(file)
    return Previewed(stack, changed_resources(plan), violations(plan, stack), _cost(stack, plan, prices))


def _cost(stack: str, plan: Plan, prices: Path) -> CostDifference | None:
    settings = check_settings(stack, read_settings(stack)).aws
    return cost_difference(plan, settings, prices) if settings else None
