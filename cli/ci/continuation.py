"""What a pipeline goes on with: workflows of jobs, as the configuration that CircleCI reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from cli.ci.jobs import Document, Job

PARAMETERS: Mapping[str, Document] = {
    "service": {"type": "string", "default": "", "description": "A service of another repository, to be deployed."},
    "digest": {"type": "string", "default": "", "description": "Its image: <registry>/<repository>@sha256:<digest>."},
    "rollback-to": {"type": "string", "default": "", "description": "The revision whose images are deployed again."},
    "nightly": {"type": "boolean", "default": False, "description": "Look for drift, take expired stacks down."},
}
"""CircleCI wants them declared in .circleci/config.yml and in what a pipeline goes on with, alike."""


@dataclass(frozen=True)
class Placed:
    """A job in its workflow. `after` are jobs that must have ended, however; `requires` those that must succeed.

    `environment` is the stack that the job changes: never two jobs at once that change the same.
    """

    job: Job
    requires: Sequence[str] = ()
    after: Sequence[str] = ()
    contexts: Sequence[str] = ()
    environment: str | None = None

    @property
    def name(self) -> str:
        return self.job.name

    def document(self) -> Document:
        placed: dict[str, Any] = {}
        if self.requires or self.after:
            placed["requires"] = [*self.requires, *({name: "terminal"} for name in self.after)]
        if self.contexts:
            placed["context"] = list(self.contexts)
        if self.environment:
            placed["serial-group"] = f"<< pipeline.project.slug >>/{self.environment}"
        return {self.name: placed}


@dataclass(frozen=True)
class Approval:
    """A person's."""

    name: str
    requires: Sequence[str] = ()

    def document(self) -> Document:
        requires = {"requires": list(self.requires)} if self.requires else {}
        return {self.name: {"type": "approval", **requires}}


@dataclass(frozen=True)
class Continuation:
    """One workflow."""

    workflow: str
    members: Sequence[Placed | Approval]

    @property
    def jobs(self) -> Mapping[str, Job]:
        return {member.name: member.job for member in self.members if isinstance(member, Placed)}

    def document(self) -> Document:
        return {
            "version": 2.1,
            "parameters": {name: dict(parameter) for name, parameter in PARAMETERS.items()},
            "jobs": {name: job.document() for name, job in self.jobs.items()},
            "workflows": {self.workflow: {"jobs": [member.document() for member in self.members]}},
        }

    def text(self) -> str:
        """As YAML."""
        return yaml.dump(self.document(), Dumper=_Readable, sort_keys=False, width=1000, allow_unicode=True)


class _Readable(yaml.CSafeDumper):
    """What is there twice is written twice, and lines stay lines."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Readable, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)
