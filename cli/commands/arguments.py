"""Arguments and options that several commands have."""

import re
from typing import Annotated

import typer

STACKS_HELP = "The stack, as named by its settings file stacks/Pulumi.STACK.yaml."


def complete_stack(incomplete: str) -> list[str]:
    """Returns the stacks that a shell may complete the word to."""
    from cli.stacks.names import stack_names

    return [name for name in stack_names() if name.startswith(incomplete)]


def complete_service(incomplete: str) -> list[str]:
    """Returns the services that a shell may complete the word to."""
    from dev.virtual_environment import ROOT

    services = (path.parent.name for path in sorted(ROOT.glob("services/*/service.yaml")))
    return [name for name in services if name.startswith(incomplete)]


def _check_stack(name: str) -> str:
    from cli.stacks.names import require_stack

    require_stack(name)
    return name


Stack = Annotated[
    str, typer.Argument(metavar="[STACK]", help=STACKS_HELP, autocompletion=complete_stack, callback=_check_stack)
]
AwsStack = Annotated[
    str, typer.Argument(metavar="STACK", help=STACKS_HELP, autocompletion=complete_stack, callback=_check_stack)
]
Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="The service or the store.", autocompletion=complete_service)
]


def _check_repository(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        raise typer.BadParameter(f"{value!r}: must be owner/name")
    return value


Repository = Annotated[
    str | None, typer.Option(metavar="OWNER/NAME", callback=_check_repository, help="The repository on GitHub.")
]
