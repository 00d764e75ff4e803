"""Tells what is left of a stack."""

from collections.abc import Mapping, Sequence

from cli.account import Account
from cli.orphans.finding import Leftover, find

_HEADINGS = ("KIND", "WHICH", "WHOSE", "")


def leftovers(account: Account) -> int:
    """Prints what stands; answers the exit status: 1 where anything is to be done about it."""
    found = find(account)
    print(table(found, {}))
    return 1 if any(not leftover.stays for leftover in found) else 0


def table(found: Sequence[Leftover], reasons: Mapping[tuple[str, str], str]) -> str:
    """Readable, with a last line that sums up. `reasons` say of a kind and id why it could not be removed."""
    if not found:
        return "Nothing is left."
    rows = [
        _HEADINGS,
        *(
            (leftover.kind, leftover.id, leftover.why, leftover.stays or reasons.get((leftover.kind, leftover.id), ""))
            for leftover in found
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    left = sum(not leftover.stays for leftover in found)
    return "\n".join(
        [*lines, "", f"{left} left; {len(found) - left} of no concern." if left else "Nothing is left but these."]
    )
