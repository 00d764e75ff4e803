"""Commands for people who operate a stack in an AWS account."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.arguments import AwsStack, Repository

app = typer.Typer()
_PANEL = "Operate in an account"


@app.command(rich_help_panel=_PANEL)
def bootstrap(stack: AwsStack) -> None:
    """Prepare the account of STACK: Pulumi's state bucket, the key for secrets, the pipelines' identity provider.

    Example: boutique bootstrap dev
    """
    from cli.account import open_account
    from cli.bootstrap import bootstrap as prepare

    prepare(open_account(stack))


@app.command(rich_help_panel=_PANEL)
def orphans(stack: AwsStack) -> None:
    """List what is left of STACK in its account and zone. Exits with 1 if there is anything to remove.

    Example: boutique orphans demo
    """
    from cli.account import open_account
    from cli.orphans.report import orphans as list_orphans

    raise typer.Exit(list_orphans(open_account(stack)))


_PlanFile = Annotated[
    Path | None, typer.Option(help="The output of `pulumi preview --json --show-sames`, instead of a new plan.")
]


@app.command(rich_help_panel=_PANEL)
def cost(stack: AwsStack, plan: _PlanFile = None) -> None:
    """Estimate the monthly AWS cost of STACK, from what `up` would create.

    Example: boutique cost demo
    """
    from cli.cost.report import cost as print_cost
    from cli.stacks.plan_file import write_plan

    print_cost(stack, plan or write_plan(stack))


@app.command(rich_help_panel=_PANEL)
def scan(stack: AwsStack, plan: _PlanFile = None) -> None:
    """Scan what `up` would create with Checkov. Exits with 1 for a finding without an exception.

    Example: boutique scan prod
    """
    from cli.scan.report import scan as scan_plan
    from cli.stacks.plan_file import write_plan

    raise typer.Exit(scan_plan(plan or write_plan(stack)))


@app.command(rich_help_panel=_PANEL)
def drift(stack: AwsStack, repository: Repository = None) -> None:
    """Report drift between STACK and its account. Exits with 3 if there is any.

    With --repository, an issue on GitHub reports it for as long as it lasts.

    Example: boutique drift prod
    """
    from cli.drift import drift as report_drift
    from cli.stacks.opening import Rehearse, open_stack
    from dev.command_lock import exclusive

    def difference(name: str) -> str:
        with exclusive("drift"):
            return open_stack(name, Rehearse.IF_RUNNING).plan(refresh=True)

    raise typer.Exit(report_drift(stack, difference, repository))


@app.command(rich_help_panel=_PANEL)
def smoke(
    targets: Annotated[list[str], typer.Argument(metavar="STACK|ADDRESS...", help="Stacks, or addresses of shops.")],
) -> None:
    """Buy something at each address of a STACK, with a test card. Exits with 1 if that fails.

    Example: boutique smoke dev
    """
    from cli.smoke.addresses import addresses
    from cli.smoke.run import smoke as buy

    raise typer.Exit(buy([address for target in targets for address in addresses(target)]))


@app.command(rich_help_panel=_PANEL)
def comment(
    stacks: Annotated[list[str] | None, typer.Argument(metavar="[STACK]...")] = None,
    *,
    repository: Repository = None,
    pull_request: Annotated[int | None, typer.Option(metavar="NUMBER", help="The pull request to comment on.")] = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the comment instead.")] = False,
    fork: Annotated[bool, typer.Option("--fork", help="The request comes from a fork: there is no preview.")] = False,
) -> None:
    """Report what `boutique plan` found for each STACK, in the comment of a pull request.

    Example: boutique comment --print dev prod
    """
    from cli.preview.comment import comment as publish
    from cli.preview.comment import comment_text
    from cli.stacks.plan_file import BUILD

    if bool(stacks) == fork:
        raise typer.BadParameter("name the stacks, or use --fork")
    if print_only:
        print(comment_text(stacks or [], BUILD))
    elif repository is None or pull_request is None:
        raise typer.BadParameter("needs --repository and --pull-request, or --print")
    else:
        publish(repository, pull_request, comment_text(stacks or [], BUILD))
