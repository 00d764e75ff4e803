"""Takes a stack down: destroy, then whatever that has left; of that stack and of no other."""

import time
from collections.abc import Callable

from cli.account import Account
from cli.orphans.finding import find
from cli.orphans.report import table
from cli.orphans.sweep import sweep
from dev.errors import ActionableError
from dev.progress import Progress
from infra.config.settings import setting


def teardown(
    account: Account,
    *,
    confirmed: bool,
    destroy: Callable[[], None],
    ask: Callable[[str], str] = input,
    pause: Callable[[float], object] = time.sleep,
) -> int:
    """Answers the exit status: 1 where something is left. Raises ActionableError where it refuses or cannot destroy.

    Unless it is `confirmed`, a person is asked for the stack's name first; for a production stack always. `destroy` is
    Pulumi's, and raises ActionableError where it does not complete.
    """
    _refuse_protected(account)
    if not confirmed or account.settings.production:
        _confirm(account, ask)
    with Progress() as progress:
        try:
            destroy()
        except ActionableError:
            # The usual cause: the network can't go because of what the cluster had made in it.
            if not sweep(account, progress, made_by=["cluster"], pause=pause).removed:
                raise
            destroy()
        swept = sweep(account, progress, pause=pause)
    left = find(account)
    print(table(left, swept.held | swept.refused))
    return 1 if any(not leftover.stays for leftover in left) else 0


def _refuse_protected(account: Account) -> None:
    if account.settings.protected:
        where = setting(account.stack, "aws", "protected")
        raise ActionableError(
            f"{where}: True: {account.stack} is protected, and is not destroyed.\n"
            f"To lift that: set it to false and `expires` to a day, let `make up STACK={account.stack}` apply that, "
            "then run this again. With finalSnapshots, the database and the carts leave a last snapshot."
        )


def _confirm(account: Account, ask: Callable[[str], str]) -> None:
    question = (
        f"This destroys {account.stack} in the account {account.settings.account} ({account.settings.region}): "
        "the shop, its data, and every snapshot that has the stack's tags but final ones.\n"
        "To go on, type the stack's name: "
    )
    try:
        answer = ask(question).strip()
    except EOFError:
        answer = ""
    if answer != account.stack:
        raise ActionableError("That is not the stack's name: nothing was touched.")
