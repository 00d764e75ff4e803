"""The targets that jobs call are those that a person has."""

import os
import re
import subprocess

from cli.ci.on_one_machine import all_jobs
from cli.ci.repository import Repository
from cli.tests.pipelines import the_repository, with_elsewhere
from dev.virtual_environment import ROOT


def targets(repository: Repository) -> set[str]:
    steps = [step for job in all_jobs(repository).values() for step in job["steps"] if "run" in step]
    return {command[1] for step in steps if (command := re.fullmatch(r"make (\S+)", step["run"]["command"]))}


def test_every_target_that_a_job_calls_is_there() -> None:
    called = targets(the_repository()) | targets(with_elsewhere(the_repository(), "currency")) | {"continuation"}
    assert {"style", "up", "release", "smoke"} <= called
    there = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert called - there == set()


def test_a_real_job_runs_here() -> None:
    """As a person would ask for it, with a variable of their own."""
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    command = ["make", "ci-local", "JOB=test-services", "TESTS=services/lib/definition"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "$ make units" in ran.stdout
    assert ran.stdout.endswith("test-services passed.\n")
