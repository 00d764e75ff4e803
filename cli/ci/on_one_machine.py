"""Runs a job of a pipeline here: its commands, in their order, as CircleCI would; up to the first that fails."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from cli.ci import workflows
from cli.ci.changes import MAIN
from cli.ci.impact import everything
from cli.ci.jobs import SIGN_IN, Document
from cli.ci.repository import Repository, Stack
from dev.errors import ActionableError
from infra.config.aws import PipelineSettings

_SHELL = ("/bin/bash", "-eo", "pipefail", "-c")
"""CircleCI's on Linux."""


def all_jobs(repository: Repository) -> dict[str, Document]:
    """Each job of a pull request, of main and of the night, as it is when everything has changed.

    As if pipelines had access to every stack: signing in is left out anyway.
    """
    whole, opened = everything(repository), _with_access(repository)
    continuations = [
        workflows.branch(opened, whole),
        workflows.trunk(opened, whole, MAIN),
        workflows.nightly(opened),
    ]
    return {name: job.document() for found in continuations for name, job in found.jobs.items()}


def _with_access(repository: Repository) -> Repository:
    nobody = PipelineSettings(organization=str(UUID(int=0)), project=str(UUID(int=0)), branch=MAIN)
    stacks = {
        name: Stack(name, stack.aws and stack.aws.model_copy(update={"pipelines": nobody}))
        for name, stack in repository.stacks.items()
    }
    return replace(repository, stacks=stacks)


def run(job: str, jobs: Mapping[str, Document], directory: Path) -> int:
    """Answers the status of the last command. Raises ActionableError where there is no such job."""
    if job not in jobs:
        raise ActionableError(f"There is no job {job!r}: there are {', '.join(sorted(jobs))}.")
    # What a caller sets counts more, as with make itself.
    environment = {**jobs[job]["environment"], **os.environ}
    for step in jobs[job]["steps"]:
        kind, content = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        if kind != "run":
            print(f"left out: {kind}", flush=True)
        elif content["name"] == SIGN_IN:
            print(f"left out: {SIGN_IN}; your own credentials are used, if there are any", flush=True)
        else:
            print(f"\n$ {content['command']}", flush=True)
            status = subprocess.run(
                [*_SHELL, content["command"]], check=False, cwd=directory, env=environment
            ).returncode
            if status:
                print(f"\n{job} failed: {content['name']} ended with {status}", flush=True)
                return status
    print(f"\n{job} passed.")
    return 0
