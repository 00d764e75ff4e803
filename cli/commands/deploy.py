"""Commands that deploy a stack, or show what deploying it would change."""

import time
from typing import Annotated, Literal

import typer

from cli.commands.arguments import AwsStack, Stack

app = typer.Typer()
_PANEL = "Deploy"
_LOCAL = "local"


@app.command(rich_help_panel=_PANEL)
def up(stack: Stack = _LOCAL) -> None:
    """Set up everything, deploy the shop to STACK, and print its addresses.

    Without an argument, the shop runs on this machine. Running it again changes only what differs.

    Example: boutique up dev
    """
    addresses, took = _deploy("up", stack)
    print(f"\nThe shop is open:  {'  '.join(addresses)}    (took {took})")
    print("Next:  boutique status · boutique preview · boutique logs frontend · boutique down")


@app.command(rich_help_panel=_PANEL)
def preview(stack: Stack = _LOCAL) -> None:
    """Show what `up` would change.

    A stack on AWS is previewed against an emulated account if there are no AWS credentials.

    Example: boutique preview prod
    """
    from cli.stacks.opening import Rehearse, open_stack
    from dev.command_lock import exclusive

    with exclusive("preview"):
        open_stack(stack, Rehearse.WITHOUT_CREDENTIALS).preview()


@app.command(rich_help_panel=_PANEL)
def plan(stack: AwsStack) -> None:
    """Write what `up` would create to build/plan-STACK.json, for other commands to read.

    If there is no plan, the reason goes to build/plan-STACK.failed.

    Example: boutique plan dev
    """
    from cli.stacks.plan_file import write_plan

    print(write_plan(stack))


@app.command(rich_help_panel=_PANEL)
def refresh(stack: Stack = _LOCAL) -> None:
    """Show what was changed outside Pulumi. The next `up` reverts it.

    Example: boutique refresh
    """
    from cli.stacks.opening import Rehearse, open_stack
    from dev.command_lock import exclusive

    with exclusive("refresh"):
        open_stack(stack, Rehearse.IF_RUNNING).refresh()


@app.command(rich_help_panel=_PANEL)
def rehearse(stack: AwsStack) -> None:
    """Run a STACK on AWS on this machine, with no account.

    AWS and Cloudflare are emulated. The engine, the program, the stores, and the shop are real.

    Example: boutique rehearse dev
    """
    addresses, took = _deploy("rehearse", stack)
    print(f"\nThe rehearsal of {stack} is running    (took {took})")
    print(f"Here the shop is open at  {'  '.join(addresses)}")
    print(f"Next:  change stacks/Pulumi.{stack}.yaml, then boutique rehearse {stack} · boutique down {stack}")


@app.command(rich_help_panel=_PANEL)
def down(
    stack: Stack = _LOCAL,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the stack's name.")] = False,
) -> None:
    """Remove STACK and everything that `up` or `rehearse` started.

    In an account, it destroys the stack and then removes what that left. A protected stack is refused.

    Example: boutique down demo
    """
    from cli.stacks.opening import Rehearse, open_stack
    from dev.command_lock import exclusive

    with exclusive("down"):
        raise typer.Exit(open_stack(stack, Rehearse.IF_RUNNING).down(confirmed=yes))


@app.command(rich_help_panel=_PANEL)
def images(stack: Stack = _LOCAL) -> None:
    """Build the images without deploying them. Those of a STACK on AWS are pushed to its registry.

    Example: boutique images dev
    """
    from cli.stacks.opening import open_stack
    from dev.command_lock import exclusive

    with exclusive("images"):
        open_stack(stack).images()


def _deploy(command: Literal["up", "rehearse"], stack: str) -> tuple[list[str], str]:
    """Deploys the stack and waits until it responds. Returns its addresses, and how long that took."""
    from cli.stacks.opening import Rehearse, open_stack
    from cli.stacks.preparation import wait_for_response
    from dev.command_lock import exclusive
    from dev.progress import duration

    started = time.monotonic()
    with exclusive(command):
        addresses = open_stack(stack, Rehearse.ALWAYS if command == "rehearse" else Rehearse.NEVER).up()
        for address in addresses:
            wait_for_response(address)
    return addresses, duration(time.monotonic() - started)
