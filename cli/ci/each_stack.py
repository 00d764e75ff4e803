"""Runs commands for several stacks in one job, each with the role of its stack that only reads."""

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from cli.account import read_aws_settings
from cli.ci.sign_in import TOKEN_FILE, sign_in
from dev.virtual_environment import ROOT

Command = Sequence[str]
Run = Callable[[Command, Mapping[str, str]], int]


def run_command(command: Command, environment: Mapping[str, str]) -> int:
    """Runs a command of `boutique` and returns its exit status."""
    return subprocess.run([ROOT / "boutique", *command], check=False, cwd=ROOT, env=environment).returncode


def preview(
    stacks: Iterable[str],
    environment: Mapping[str, str] = os.environ,
    run: Run = run_command,
    token_file: Path = TOKEN_FILE,
) -> int:
    """Plans what a deployment would change in each stack. Returns the exit status: 0 if every plan succeeded."""
    commands = {stack: [["ci", "versions", stack], ["plan", stack]] for stack in stacks}
    return _run_all(commands, environment, run, token_file)


def drift(
    stacks: Iterable[str],
    repository: str | None,
    environment: Mapping[str, str] = os.environ,
    run: Run = run_command,
    token_file: Path = TOKEN_FILE,
) -> int:
    """Compares each stack with its account. Returns the exit status: 0 if nothing differs.

    Args:
        stacks: The stacks to compare.
        repository: The repository on GitHub whose issues report the drift. None: it is only printed.
        environment: The job's environment variables.
        run: Runs a command.
        token_file: Where to save CircleCI's token.
    """
    report = ["--repository", repository] if repository else []
    # An image that main has not brought to a stack yet is not drift.
    commands = {stack: [["ci", "versions", stack, "--running"], ["drift", stack, *report]] for stack in stacks}
    return _run_all(commands, environment, run, token_file)


def _run_all(
    commands: Mapping[str, Iterable[Command]], environment: Mapping[str, str], run: Run, token_file: Path
) -> int:
    """Runs each stack's commands up to its first that fails. Returns the highest exit status."""
    highest = 0
    for stack, own in commands.items():
        settings, signed_in = read_aws_settings(stack), {}
        if settings.pipelines and "CIRCLECI" in environment:
            signed_in = sign_in(stack, settings, "preview", environment, token_file)
        for command in own:
            print(f"\n$ boutique {' '.join(command)}", flush=True)
            if status := run(command, {**environment, **signed_in}):
                highest = max(highest, status)
                break
    return highest
