"""Destroys a stack, then removes its orphans."""

import time
from collections.abc import Callable

from cli.account import Account
from cli.orphans.finding import find_orphans
from cli.orphans.report import print_orphans
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
    """Destroys the stack and returns the exit status: 1 if there are orphans left to remove.

    Args:
        account: The account of the stack.
        confirmed: Whether to skip the question for the stack's name. A production stack always needs it.
        destroy: Runs `pulumi destroy`. Raises ActionableError if that fails.
        ask: Prints a question and returns the answer.
        pause: Waits for a number of seconds.

    Raises:
        ActionableError: If the stack is protected, the answer is not its name, or the destroy fails.
    """
    _require_unprotected(account)
    if not confirmed or account.settings.production:
        _confirm(account, ask)
    with Progress() as progress:
        try:
            destroy()
        except ActionableError:
            # The usual cause: resources that the cluster created are still in the network.
            if not sweep(account, progress, owners=["cluster"], pause=pause).removed:
                raise
            destroy()
        result = sweep(account, progress, pause=pause)
    return print_orphans(find_orphans(account), result.blocked | result.rejected)


def _require_unprotected(account: Account) -> None:
    if account.settings.protected:
        where = setting(account.stack, "aws", "protected")
        raise ActionableError(
            f"{where}: True: {account.stack} is protected, so it was not destroyed.\n"
            f"To lift the protection, set it to false and `expires` to a date, run `boutique up {account.stack}`, then "
            "run this command again. With finalSnapshots, the database and the carts leave a last snapshot."
        )


def _confirm(account: Account, ask: Callable[[str], str]) -> None:
    question = (
        f"This destroys {account.stack} in the account {account.settings.account} ({account.settings.region}): "
        "the shop, its data, and all snapshots with the stack's tags except final ones.\n"
        "Type the stack's name to continue: "
    )
    try:
        answer = ask(question).strip()
    except EOFError:
        answer = ""
    if answer != account.stack:
        raise ActionableError("That is not the stack's name. Nothing was changed.")
