"""Takes a stack down once the day in its settings has come."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from cli.account import Account, open_account
from cli.stacks.opening import open_stack
from dev.errors import ActionableError
from infra.config.settings import setting


def expire_stack(stack: str) -> int:
    """Tears a stack down if it has expired. Returns the exit status: 1 if something could not be removed."""
    today = datetime.now(UTC).date()
    return expire(open_account(stack), today, lambda: open_stack(stack).down(confirmed=True))


def expire(account: Account, today: date, remove: Callable[[], int]) -> int:
    """Tears the stack down from its day on and returns the exit status: 1 if something could not be removed.

    Raises ActionableError if the stack's settings name no such day.
    """
    day = account.settings.expires
    if day is None:
        raise ActionableError(
            f"{setting(account.stack, 'aws', 'expires')}: is not set, so {account.stack} never expires."
        )
    if today < day:
        print(f"{account.stack} stays until {day}.")
        return 0
    print(f"{account.stack} expired on {day}.")
    return remove()
