"""The jobs: each runs `make` targets on a machine that is pinned, and nothing else that could not be run elsewhere.

Source of the shapes: CircleCI documentation, "Configuration reference".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.ci.repository import Stack
from infra.aws.naming import Naming

Document = Mapping[str, Any]

SIGN_IN = "Sign in to AWS"
"""The one step that is no target: a job's token exists in CircleCI alone, and `make` is to know nothing of CircleCI."""

_RESULTS = "build"
"""Where `make` puts what one job leaves to another."""

_CONTAINER: Document = {"docker": [{"image": "cimg/python:3.11.13"}], "resource_class": "large"}
_MACHINE: Document = {"machine": {"image": "ubuntu-2404:2025.09.1"}, "resource_class": "large"}
"""With a Docker engine: images are built on it, and clusters run in it."""

_FROM_KNOWN_ADDRESSES: Document = {"circleci_ip_ranges": True}
"""Those that a cluster's API lets in. Source: CircleCI documentation, "IP ranges": of containers alone."""


@dataclass(frozen=True)
class Job:
    """`targets` are make's, in their order; what `environment` sets, they take as make's variables.

    `silent_minutes` is how long a target may say nothing. `role` is what the job is in AWS. `revision` is checked out
    where it is not the pipeline's own. `leaves` is a pattern of files in build/ that another job `gathers`; a failed
    job leaves them too, if they are there.
    """

    name: str
    targets: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    machine: bool = False
    silent_minutes: int = 10
    role: str | None = None
    revision: str | None = None
    leaves: str | None = None
    gathers: bool = False

    def document(self) -> Document:
        runs_on = _MACHINE if self.machine else _CONTAINER
        if self.role and not self.machine:
            runs_on = {**runs_on, **_FROM_KNOWN_ADDRESSES}
        return {**runs_on, "environment": dict(self.environment), "steps": list(self._steps())}

    def _steps(self) -> Iterable[str | Document]:
        cache = _cache("machine" if self.machine else "container")
        yield "checkout"
        if self.revision:
            yield _run(f"Check out {self.revision[:12]}", f"git checkout --detach {self.revision}")
        if self.gathers:
            yield {"attach_workspace": {"at": _RESULTS}}
        yield {"restore_cache": {"keys": [cache]}}
        if self.role:
            yield _run(SIGN_IN, _sign_in(self.role))
        for target in self.targets:
            yield _run(f"make {target}", f"make {target}", no_output_timeout=f"{self.silent_minutes}m")
        yield {"save_cache": {"key": cache, "paths": [".venv", "~/.cache/boutique"]}}
        if self.leaves:
            yield {"persist_to_workspace": {"root": _RESULTS, "paths": [self.leaves], "when": "always"}}
            yield {"store_artifacts": {"path": _RESULTS, "when": "always"}}


def reads(stack: Stack) -> str | None:
    """The role that looks at a stack; None where the stack has none."""
    return _role(stack, "preview")


def deploys(stack: Stack) -> str | None:
    """The role that changes a stack; None where the stack has none."""
    return _role(stack, "deploy")


def _role(stack: Stack, kind: str) -> str | None:
    if stack.aws is None or stack.aws.pipelines is None:
        return None
    return f"arn:aws:iam::{stack.aws.account}:role/{Naming(stack.name).name('pipelines', kind)}"


def _sign_in(role: str) -> str:
    """Every tool of AWS reads these variables by itself. The token is in no command, so in no list of processes."""
    return "\n".join(
        [
            "umask 077",
            """printf '%s' "${CIRCLE_OIDC_TOKEN_V2:?CircleCI gives this job no token}" > ~/aws-identity""",
            "{",
            f"  echo 'export AWS_ROLE_ARN={role}'",
            "  echo 'export AWS_WEB_IDENTITY_TOKEN_FILE=~/aws-identity'",
            '  echo "export AWS_ROLE_SESSION_NAME=circleci-$CIRCLE_WORKFLOW_JOB_ID"',
            '} >> "$BASH_ENV"',
        ]
    )


def _run(name: str, command: str, **options: str) -> Document:
    return {"run": {"name": name, "command": command, **options}}


def _cache(runs_on: str) -> str:
    """Of packages and tools; a machine's Python is another than a container's."""
    return f'tools-1-{runs_on}-{{{{ checksum "requirements.lock" }}}}-{{{{ checksum "dev/toolchain/versions.toml" }}}}'
