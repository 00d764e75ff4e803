"""Commands that show what runs, and what this machine would use."""

import typer

from cli.commands.arguments import Service

app = typer.Typer()
_PANEL = "Observe"


@app.command(rich_help_panel=_PANEL)
def status() -> None:
    """Show the pods of the shop on this machine."""
    from dev.status import status as print_status

    print_status()


@app.command(rich_help_panel=_PANEL)
def logs(service: Service) -> None:
    """Follow the logs of SERVICE, or of a store.

    Example: boutique logs checkout
    """
    from dev.status import logs as follow_logs

    follow_logs(service)


@app.command(rich_help_panel=_PANEL)
def doctor() -> None:
    """Show which tools, plugins, and cluster this machine uses, and why."""
    from dev.doctor import doctor as examine

    examine()
