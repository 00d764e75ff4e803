"""Takes a stack down once the day in its settings has come."""

from collections.abc import Callable
from datetime import date

from cli.account import Account
from dev.errors import ActionableError
from infra.config.settings import setting


def expire(account: Account, today: date, teardown: Callable[[], int]) -> int:
    """Answers the exit status: 1 where something is left. Raises ActionableError for a stack without such a day.

    After the day it can be asked again and again: what is left is swept up, or told.
    """
    day = account.settings.expires
    if day is None:
        raise ActionableError(
            f"{setting(account.stack, 'aws', 'expires')}: is not set: {account.stack} does not expire."
        )
    if today < day:
        print(f"{account.stack} stays until {day}.")
        return 0
    print(f"{account.stack} expired on {day}.")
    return teardown()
