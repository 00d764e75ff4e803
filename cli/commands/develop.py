"""Commands for people who change the code."""

import os
from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer()
dev = typer.Typer(no_args_is_help=True)
app.add_typer(
    dev, name="dev", help="Maintain the repository: format, lock files, generated files.", rich_help_panel="Develop"
)
_PANEL = "Develop"
_Folders = Annotated[list[str] | None, typer.Argument(metavar="[FOLDER]...", help="Only the tests in these folders.")]


class Check(StrEnum):
    """A kind of check that needs no server and no engine."""

    STYLE = "style"
    TYPES = "types"
    IMPORTS = "imports"
    APPLICATIONS = "applications"


@app.command(rich_help_panel=_PANEL)
def shop() -> None:
    """Run the shop as plain processes: no root, no Docker, no cluster."""
    from dev.shop import run_shop

    run_shop()


@app.command(rich_help_panel=_PANEL)
def check(
    kinds: Annotated[
        list[Check] | None, typer.Argument(metavar="[KIND]...", help="style, types, imports, applications.")
    ] = None,
) -> None:
    """Check style, types, the import rules, and the web applications. Without an argument, all of them.

    Example: boutique check style types
    """
    from dev import checks, web_application

    run = {
        Check.STYLE: checks.style,
        Check.TYPES: checks.types,
        Check.IMPORTS: checks.imports,
        Check.APPLICATIONS: web_application.check_all,
    }
    for kind in kinds or list(Check):
        run[kind]()


@app.command("test", rich_help_panel=_PANEL)
def unit_tests(folders: _Folders = None) -> None:
    """Run the tests that need neither the engine nor a cluster.

    Example: boutique test services/cart infra
    """
    from dev.checks import unit_tests as run_unit_tests

    run_unit_tests(folders or [])


@app.command(rich_help_panel=_PANEL)
def e2e(folders: _Folders = None) -> None:
    """Run the tests with the real engine, a real cluster, and a real browser.

    They bring the shop up, buy, change it, break it, repair it, and take it down.

    Example: boutique e2e tests/e2e/test_shop.py
    """
    from dev.checks import end_to_end_tests

    end_to_end_tests(folders or [])


@app.command(rich_help_panel=_PANEL)
def bench() -> None:
    """Measure the figures to watch, print them, and write them to build/bench.json."""
    from dev.checks import run_module

    run_module("tests.bench")


@dev.command("format")
def format_code() -> None:
    """Format the code, and fix what the linter can fix."""
    from dev.checks import format_code as format_all

    format_all()


@dev.command()
def lock() -> None:
    """Resolve the dependencies into the lock files."""
    from dev.lock_files import write_lock_files

    write_lock_files()


@dev.command()
def protos() -> None:
    """Generate the gRPC stubs from the protos."""
    from dev.checks import generate_stubs

    generate_stubs()


@dev.command()
def pictures() -> None:
    """Take the README's screenshots, in the browser test of `boutique shop`."""
    from dev.checks import run_tests

    os.environ["BOUTIQUE_PICTURES"] = "docs/pictures"
    run_tests(["--quiet", "-m", "cluster", "tests/e2e/test_shop.py"])


@dev.command()
def diagram() -> None:
    """Draw the architecture from the service files."""
    from dev.checks import run_module

    run_module("docs.architecture")
