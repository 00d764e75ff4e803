"""The commands that jobs run are commands of `boutique`, with arguments that it accepts."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.ci.parameters import for_everything
from cli.ci.run_locally import job_names, run_job
from cli.main import app
from cli.tests.pipelines import continue_config, setup_config, the_repository
from dev.virtual_environment import ROOT


def commands_of(job: str, folder: Path) -> list[str]:
    """Runs a job of the pipelines with a `boutique` that only records its arguments, and returns its commands."""
    log = folder / "calls"
    log.write_text("")
    program = folder / "boutique"
    program.write_text(f'#!/bin/bash\necho "${{@@Q}}" >> {log}\n')
    program.chmod(0o755)
    values = for_everything(the_repository()) | {"repository": "acme/boutique", "pull-request": "7"}
    assert run_job(continue_config(), job, values, folder) == 0
    return log.read_text().splitlines()


def assert_accepted(arguments: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(arguments)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)


@pytest.mark.parametrize("job", job_names(continue_config()))
def test_boutique_accepts_the_commands_of_every_job(job: str, tmp_path: Path) -> None:
    commands = commands_of(job, tmp_path)
    assert commands
    for command in commands:
        assert_accepted(command)


def test_boutique_accepts_the_command_of_the_setup_job() -> None:
    (command,) = [step["run"]["command"] for step in setup_config()["jobs"]["setup"]["steps"] if "run" in step]
    assert_accepted(command.removeprefix("./boutique "))


@pytest.mark.parametrize(
    ("job", "command"),
    [
        ("style", "check style imports"),
        ("preview", "ci preview demo dev prod staging"),
        ("up-dev", "up dev"),
        ("comment-in-log", "comment demo dev prod staging --print"),
        ("expire-demo", "ci expire demo"),
    ],
)
def test_a_job_runs_as_if_everything_had_changed(job: str, command: str, tmp_path: Path) -> None:
    assert command in [shlex.join(shlex.split(line)) for line in commands_of(job, tmp_path)]


def test_a_person_can_run_a_job_for_chosen_folders() -> None:
    arguments = ["ci", "run-job", "test", "--set", "folders-to-test=services/lib/definition"]
    result = subprocess.run([ROOT / "boutique", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "$ ./boutique test services/lib/definition" in result.stdout
    assert result.stdout.endswith("test passed.\n")
