"""The repository and the pipelines' configuration, as the tests of pipelines see them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import yaml

from cli.ci.repository import Repository
from dev.virtual_environment import ROOT
from infra.config.aws import PipelineSettings

ORGANIZATION = "5c8f9d0e-1f2a-4b3c-8d4e-5f6a7b8c9d0e"
PROJECT = "0e9d8c7b-6a5f-4e4d-8c3b-2a1f0e9d8c5c"
SETUP_FILE = ROOT / ".circleci" / "config.yml"
CONTINUE_FILE = ROOT / ".circleci" / "continue.yml"

Invocation = Mapping[str, Any]


def the_repository() -> Repository:
    return Repository.read(ROOT)


def with_access(repository: Repository, branch: str = "main") -> Repository:
    """Returns the repository with access for pipelines to every stack on AWS."""
    pipelines = PipelineSettings(organization=ORGANIZATION, project=PROJECT, branch=branch)
    stacks = {
        name: settings and settings.model_copy(update={"pipelines": pipelines})
        for name, settings in repository.stacks.items()
    }
    return replace(repository, stacks=stacks)


def with_elsewhere(repository: Repository, service: str) -> Repository:
    """Returns the repository without the source of a service."""
    moved = PurePosixPath("services", service, "src")
    return replace(repository, files=tuple(file for file in repository.files if not file.is_relative_to(moved)))


def setup_config() -> Any:
    """Returns the content of config.yml."""
    return yaml.safe_load(SETUP_FILE.read_text())


@cache
def continue_config() -> Any:
    """Returns the content of continue.yml."""
    return yaml.safe_load(CONTINUE_FILE.read_text())


def invocations(workflow: Any) -> Iterator[tuple[str, str, Invocation]]:
    """Yields the name, the job and the arguments of each job in a workflow."""
    for entry in workflow["jobs"]:
        job, arguments = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
        yield arguments.get("name", job), job, arguments


def required(arguments: Invocation) -> list[str]:
    """Returns the names of the jobs that a job requires."""
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in arguments.get("requires", ())]


def active_jobs(parameters: Mapping[str, str | bool]) -> dict[str, Invocation]:
    """Returns the jobs that CircleCI runs for these parameters, with what each still requires.

    Follows CircleCI's documentation of pipeline parameters, `when`, `filters` and `requires`: a job that its filter
    leaves out is not required, and a job whose requirements are all left out is left out too.
    """
    config = continue_config()
    values = {name: declared["default"] for name, declared in config["parameters"].items()}
    for name, value in parameters.items():
        assert type(value) is type(values[name]), name
        assert len(str(value)) <= 512, name
        assert value in config["parameters"][name].get("enum", [value]), name
        values[name] = value
    found: dict[str, Invocation] = {}
    for workflow in config["workflows"].values():
        if not is_true(workflow["when"], values):
            continue
        for name, _, arguments in invocations(workflow):
            requires = [job for job in required(arguments) if job in found]
            left_out = required(arguments) and not requires
            if is_true(arguments.get("filters", "True"), values) and not left_out:
                found[name] = {**arguments, "requires": requires}
    return found


def is_true(expression: str, values: Mapping[str, object]) -> bool:
    """Evaluates one of CircleCI's expressions. The operators used here mean the same in Python."""
    assert re.fullmatch(r'(pipeline\.parameters\.[\w-]+|"[\w-]*"|==|!=|and|or|True|\s)+', expression), expression
    python = re.sub(r"pipeline\.parameters\.([\w-]+)", r'values["\1"]', expression)
    return bool(eval(python, {"values": values}))
