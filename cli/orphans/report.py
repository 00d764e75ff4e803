"""Prints the orphans of a stack."""

from collections.abc import Mapping, Sequence

from cli.account import Account
from cli.orphans.finding import Orphan, find_orphans
from dev.table import print_table


def orphans(account: Account) -> int:
    """Prints the orphans and returns the exit status: 1 if there are any to remove."""
    return print_orphans(find_orphans(account))


def print_orphans(found: Sequence[Orphan], reasons: Mapping[tuple[str, str], str] | None = None) -> int:
    """Prints a table and a summary, and returns the exit status: 1 if there are orphans to remove.

    Args:
        found: The orphans.
        reasons: Why an orphan could not be removed, by its kind and id.
    """
    if not found:
        print("No orphans.")
        return 0
    rows = [(one.kind, one.id, one.why, one.kept_because or (reasons or {}).get(one.key, "")) for one in found]
    print_table(("KIND", "ID", "OWNER", "NOTE"), rows)
    remaining = sum(not one.kept_because for one in found)
    if not remaining:
        print("\nNo other orphans.")
        return 0
    print(f"\n{remaining} to remove, {len(found) - remaining} kept.")
    return 1
