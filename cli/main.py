"""Assembles the command `boutique`, and turns errors into messages and exit statuses."""

import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from types import FrameType
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from cli.ci import app as ci
from cli.commands import deploy, develop, observe, operate

_INTERRUPTED: Final = 130


class Commands(TyperGroup):
    """The group of all commands."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. An error that a person can act on ends with its message and 1, an interrupt with 130."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print(
                "\nInterrupted. Run the same command again to continue; `boutique down` removes everything.",
                file=sys.stderr,
            )
            raise typer.Exit(_INTERRUPTED) from None
        except Exception as error:
            from cli.errors import message_of

            if (message := message_of(error)) is None:
                raise
            print(f"\n{message}", file=sys.stderr)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)
for commands in (deploy, observe, develop, operate):
    app.add_typer(commands.app)
app.add_typer(ci.app, name="ci", rich_help_panel="Operate in an account")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(version("boutique"))
        raise typer.Exit


@app.callback(
    epilog="Start here: `boutique up` runs the shop on this machine, `boutique shop` runs it without a cluster. "
    "`boutique COMMAND --help` explains a command."
)
def describe(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Deploy and operate Boutique, an online shop, on this machine or on AWS."""


def main() -> None:
    """Runs the command that the process's arguments name, and exits with its status."""
    # SIGTERM is an interruption as well, so that what was started is cleaned up. SIGINT is set explicitly, because a
    # shell lets the programs that it starts in the background ignore it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs the command that the arguments name. Returns its exit status."""
    try:
        app(list(arguments), prog_name="boutique")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
