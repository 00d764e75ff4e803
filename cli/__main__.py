"""The commands behind `make`: `python3 -m cli <command>`.

Starts on the standard library alone, with whatever Python there is; goes on in `.venv` once that is made.
"""

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from dev.errors import ActionableError
from dev.virtual_environment import ENVIRONMENT, run_command

_COMMANDS = {
    "up": "cli.lifecycle",
    "down": "cli.lifecycle",
    "preview": "cli.lifecycle",
    "plan": "cli.lifecycle",
    "refresh": "cli.lifecycle",
    "rehearse": "cli.lifecycle",
    "images": "cli.lifecycle",
    "status": "dev.status",
    "logs": "dev.status",
    "shop": "dev.shop",
    "doctor": "dev.doctor",
    "lock": "dev.lock_files",
    "applications": "dev.web_application",
    "environment": None,
}
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m cli", description="Runs the shop on this machine.")
    parser.add_argument("command", choices=_COMMANDS)
    parser.add_argument("subject", nargs="?", default="", help="the stack, or for `logs` the service")
    given = parser.parse_args(arguments)
    # Being told to end is an interruption as well: what was started is put away, not left behind. SIGINT is set too,
    # since a shell may have what it starts in the background ignore it: whoever sends it by hand means it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        if module := _COMMANDS[given.command]:
            getattr(importlib.import_module(module), given.command)(given.subject)
    except ActionableError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here; `make down` removes what there is.", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    if Path(sys.prefix) != ENVIRONMENT:
        run_command(sys.argv[1:])
    sys.exit(main(sys.argv[1:]))
