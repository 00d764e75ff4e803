"""Runs a job of `.circleci/continue.yml` on this machine: its commands in order, up to the first that fails."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cli.ci.parameters import Parameters, for_everything
from cli.ci.repository import Repository
from dev.errors import ActionableError

CONTINUE_FILE = Path(".circleci/continue.yml")

_SHELL = ("/bin/bash", "-eo", "pipefail", "-c")
"""CircleCI's shell on Linux."""
_REFERENCE = re.compile(r"<<\s*([\w.-]+)\s*>>")

Document = Mapping[str, Any]
Values = Mapping[str, object]


def run_locally(root: Path, job: str, assignments: Iterable[str]) -> int:
    """Runs a job as if everything had changed and returns the status of its last command.

    Args:
        root: The checkout.
        job: The job's name in a workflow, such as `up-dev`.
        assignments: Values of parameters, as `name=value`.

    Raises:
        ActionableError: No workflow has such a job, or an assignment has another form.
    """
    config = yaml.safe_load((root / CONTINUE_FILE).read_text())
    return run_job(config, job, for_everything(Repository.read(root)) | _parse(assignments), root)


def run_job(config: Document, name: str, values: Values, root: Path) -> int:
    """Runs a job and returns the status of its last command.

    Args:
        config: The content of `.circleci/continue.yml`.
        name: The job's name in a workflow, such as `up-dev`.
        values: Parameters of the pipeline or of the job, by name. They take precedence over the file.
        root: Where to run the commands.

    Raises:
        ActionableError: No workflow has such a job.
    """
    for kind, command in _steps(config, name, values):
        if kind != "run":
            print(f"left out: {kind}", flush=True)
            continue
        print(f"\n$ {command}", flush=True)
        status = subprocess.run([*_SHELL, command], check=False, cwd=root).returncode
        if status:
            print(f"\n{name} failed: `{command}` ended with {status}", flush=True)
            return status
    print(f"\n{name} passed.")
    return 0


def job_names(config: Document) -> list[str]:
    """Returns the names of all jobs that have steps, in the order of the file."""
    return list(_jobs(config))


def _jobs(config: Document) -> dict[str, tuple[Document, Document]]:
    """Returns each job's definition and arguments by its name. A name means the same job in each workflow."""
    found: dict[str, tuple[Document, Document]] = {}
    for workflow in config["workflows"].values():
        for invocation in workflow["jobs"]:
            job, arguments = _split(invocation)
            if "steps" in config["jobs"].get(job, ()):
                found.setdefault(arguments.get("name", job), (config["jobs"][job], arguments))
    return found


def _steps(config: Document, name: str, values: Values) -> Iterator[tuple[str, str]]:
    """Yields each step's kind and, for `run`, its command."""
    jobs = _jobs(config)
    if name not in jobs:
        raise ActionableError(f"There is no job {name!r}. The jobs are {', '.join(jobs)}.")
    definition, arguments = jobs[name]
    pipeline = {**{parameter: declared["default"] for parameter, declared in config["parameters"].items()}, **values}
    scope = {f"pipeline.parameters.{parameter}": value for parameter, value in pipeline.items()}
    yield from _expand(config, definition, {**arguments, **values}, scope)


def _expand(config: Document, element: Document, arguments: Document, pipeline: Values) -> Iterator[tuple[str, str]]:
    """Yields the steps of a job or a command, with those of the commands that it uses."""
    scope = dict(pipeline)
    for parameter, declared in element.get("parameters", {}).items():
        scope[f"parameters.{parameter}"] = _render(arguments.get(parameter, declared.get("default")), pipeline)
    for kind, content in _chosen(element["steps"], scope):
        if kind in config["commands"]:
            inner = {key: _render(value, scope) for key, value in content.items()}
            yield from _expand(config, config["commands"][kind], inner, pipeline)
        elif kind == "run":
            yield kind, _render(content if isinstance(content, str) else content["command"], scope)
        else:
            yield kind, ""


def _chosen(steps: Iterable[str | Document], scope: Values) -> Iterator[tuple[str, Any]]:
    """Yields the steps without those whose condition is empty."""
    for kind, content in map(_split, steps):
        if kind != "when":
            yield kind, content
        elif _render(content["condition"], scope):
            yield from _chosen(content["steps"], scope)


def _render(text: object, scope: Values) -> str:
    """Returns a text with its references replaced, without the spaces that empty values leave."""
    return re.sub(" +", " ", _REFERENCE.sub(lambda match: str(scope[match[1]]), str(text))).strip()


def _split(entry: str | Document) -> tuple[str, Any]:
    return (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))


def _parse(assignments: Iterable[str]) -> Parameters:
    """Parses `name=value` pairs. Raises ActionableError for any other text."""
    pairs = [text.partition("=") for text in assignments]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise ActionableError(f"--set {wrong[0]}: must be name=value, such as stack=local.")
    return {name: value for name, _, value in pairs}
