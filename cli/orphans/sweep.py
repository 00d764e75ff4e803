"""Removes what is left of a stack, in order, and again for as long as something still holds something else."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from cli.account import Account
from cli.orphans.finding import Leftover, find
from cli.orphans.ownership import Owner
from dev.errors import ActionableError
from dev.progress import Progress

_ROUNDS = 14
_LONGEST_PAUSE = 30.0
"""Seconds. With the shorter ones before, the rounds take about five minutes: AWS detaches interfaces in less."""

_HELD = frozenset(
    {
        "DependencyViolation",
        "InvalidNetworkInterface.InUse",
        "InvalidParameterValue",  # EC2, of an interface in use
        "OperationNotPermitted",  # EC2, of an interface whose owner has not yet gone
        "ResourceInUse",
        "ResourceInUseException",
        "VolumeInUse",
        "InvalidDBSnapshotState",
        "InvalidSnapshotState",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)
"""Refusals that pass. Source: error codes of EC2, Elastic Load Balancing, RDS and ElastiCache."""


@dataclass
class Swept:
    """What was asked to go, and what AWS or Cloudflare said of those that did not."""

    removed: set[tuple[str, str]] = field(default_factory=set)
    held: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)


def sweep(
    account: Account,
    progress: Progress,
    *,
    made_by: Collection[Owner] = ("stack", "cluster"),
    pause: Callable[[float], object] = time.sleep,
) -> Swept:
    """Removes what those have made, until nothing of it stands, all is refused for good, or the rounds are over.

    What a cluster made is left to the cluster while that stands: it would only make it again.
    """
    swept = Swept()
    with progress.step("Removing what is left") as step:
        for number in range(_ROUNDS):
            standing = [
                leftover for leftover in _removable(find(account), made_by) if _key(leftover) not in swept.refused
            ]
            if not standing:
                break
            for leftover in standing:
                _remove(leftover, swept)
            step.update(f"{len(swept.removed)} removed, {len(swept.held)} still held")
            pause(min(2.0**number, _LONGEST_PAUSE))
    return swept


def _removable(found: Sequence[Leftover], made_by: Collection[Owner]) -> Iterator[Leftover]:
    cluster_stands = any(leftover.kind == "cluster" for leftover in found)
    for leftover in found:
        if leftover.remove and leftover.owner in made_by and not (cluster_stands and leftover.owner == "cluster"):
            yield leftover


def _remove(leftover: Leftover, swept: Swept) -> None:
    key = _key(leftover)
    swept.held.pop(key, None)
    try:
        if leftover.remove:
            leftover.remove()
        swept.removed.add(key)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in _HELD:
            swept.held[key] = message
        elif "NotFound" not in code:
            swept.refused[key] = message
    except ActionableError as error:
        swept.refused[key] = str(error)


def _key(leftover: Leftover) -> tuple[str, str]:
    return leftover.kind, leftover.id
