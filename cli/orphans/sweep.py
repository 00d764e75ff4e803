"""Removes the orphans of a stack, and retries those that other resources still block."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from cli.account import Account
from cli.orphans.finding import Orphan, find_orphans
from cli.orphans.ownership import Owner
from dev.errors import ActionableError
from dev.progress import Progress

_ROUNDS = 14
_LONGEST_PAUSE = 30.0
"""Seconds. All rounds together take about five minutes. AWS detaches network interfaces in less."""

_BLOCKED = frozenset(
    {
        "DependencyViolation",
        "InvalidNetworkInterface.InUse",
        "InvalidParameterValue",  # EC2: the network interface is in use
        "OperationNotPermitted",  # EC2: the owner of the network interface still exists
        "ResourceInUse",
        "ResourceInUseException",
        "VolumeInUse",
        "InvalidDBSnapshotState",
        "InvalidSnapshotState",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)
"""Errors worth a retry. Source: error codes of EC2, Elastic Load Balancing, RDS and ElastiCache."""


@dataclass
class SweepResult:
    """The keys of removed orphans, and the messages of AWS or Cloudflare for the others, by key.

    `blocked` has those that may succeed later, `rejected` those that will not.
    """

    removed: set[tuple[str, str]] = field(default_factory=set)
    blocked: dict[tuple[str, str], str] = field(default_factory=dict)
    rejected: dict[tuple[str, str], str] = field(default_factory=dict)


def sweep(
    account: Account,
    progress: Progress,
    *,
    owners: Collection[Owner] = ("stack", "cluster"),
    pause: Callable[[float], object] = time.sleep,
) -> SweepResult:
    """Removes the orphans until there are none, all removals are rejected, or the rounds are over.

    Skips the orphans of a cluster that still exists, since the cluster would recreate them.

    Args:
        account: The account of the stack.
        progress: Shows the numbers of removed and blocked orphans.
        owners: Whose orphans to remove.
        pause: Waits for a number of seconds.
    """
    result = SweepResult()
    with progress.step("Removing orphans") as step:
        for number in range(_ROUNDS):
            remaining = [one for one in _removable(find_orphans(account), owners) if one.key not in result.rejected]
            if not remaining:
                break
            for orphan in remaining:
                _remove(orphan, result)
            step.update(f"{len(result.removed)} removed, {len(result.blocked)} still blocked")
            pause(min(2.0**number, _LONGEST_PAUSE))
    return result


def _removable(found: Sequence[Orphan], owners: Collection[Owner]) -> Iterator[Orphan]:
    cluster_exists = any(orphan.kind == "cluster" for orphan in found)
    for orphan in found:
        if orphan.remove and orphan.owner in owners and not (cluster_exists and orphan.owner == "cluster"):
            yield orphan


def _remove(orphan: Orphan, result: SweepResult) -> None:
    result.blocked.pop(orphan.key, None)
    try:
        if orphan.remove:
            orphan.remove()
        result.removed.add(orphan.key)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in _BLOCKED:
            result.blocked[orphan.key] = message
        elif "NotFound" not in code:
            result.rejected[orphan.key] = message
    except ActionableError as error:
        result.rejected[orphan.key] = str(error)
