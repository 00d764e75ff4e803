"""Reads why a pipeline runs from what CircleCI passes to the setup job."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cli.ci.changes import is_ancestor
from cli.ci.repository import Repository
from dev.errors import ActionableError

_PULL_REQUEST = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/pull/(\d+)")
_REVISION = re.compile(r"[0-9a-f]{40}")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9./:_-]*@sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class PullRequest:
    """A pull request on GitHub. The repository is `owner/name`."""

    repository: str
    number: str


@dataclass(frozen=True)
class Trigger:
    """Why a pipeline runs.

    Args:
        branch: The branch that the pipeline runs on.
        base: Revision of the branch's previous pipeline, if there was one.
        fork: True for a pull request from a fork.
        pull_request: The branch's pull request, if there is one.
        service: A service of another repository to deploy.
        image: That service's image, by digest.
        rollback_to: The revision to go back to.
        nightly: True for the nightly pipeline.
    """

    branch: str
    base: str = ""
    fork: bool = False
    pull_request: PullRequest | None = None
    service: str = ""
    image: str = ""
    rollback_to: str = ""
    nightly: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Reads the environment variables that CircleCI and `.circleci/config.yml` set.

        Raises ActionableError if the pipeline's parameters contradict each other.
        """
        # CircleCI sets an empty pipeline value as "<nil>". Source: its documentation, "Pipeline values and parameters".
        environment = {name: value for name, value in environment.items() if value != "<nil>"}
        request = _PULL_REQUEST.fullmatch(environment.get("CIRCLE_PULL_REQUEST", ""))
        trigger = cls(
            branch=environment.get("CIRCLE_BRANCH", ""),
            base=environment.get("PIPELINE_BASE_REVISION", ""),
            # Only pull requests from forks set this variable; their branch is named pull/<number>.
            fork="CIRCLE_PR_REPONAME" in environment or environment.get("CIRCLE_BRANCH", "").startswith("pull/"),
            pull_request=PullRequest(request[1], request[2]) if request else None,
            service=environment.get("PIPELINE_SERVICE", ""),
            image=environment.get("PIPELINE_DIGEST", ""),
            rollback_to=environment.get("PIPELINE_ROLLBACK_TO", ""),
            nightly=environment.get("PIPELINE_NIGHTLY", "") == "true",
        )
        if bool(trigger.service) != bool(trigger.image):
            raise ActionableError("Parameters service and digest: set both, or neither.")
        if sum((bool(trigger.service), bool(trigger.rollback_to), trigger.nightly)) > 1:
            raise ActionableError("Parameters service, rollback-to and nightly: set only one of them.")
        return trigger

    def check(self, repository: Repository) -> None:
        """Raises ActionableError if a parameter names a service or a revision that cannot be deployed."""
        if self.service and self.service not in repository.elsewhere:
            allowed = ", ".join(sorted(repository.elsewhere)) or "no service at the moment"
            raise ActionableError(
                f"Parameter service: {self.service!r}: must be a service that has a service.yaml here and its source "
                f"in another repository: {allowed}."
            )
        if self.image and not _IMAGE.fullmatch(self.image):
            raise ActionableError(
                f"Parameter digest: {self.image!r}: must be <registry>/<repository>@sha256:<64 hexadecimal digits>."
            )
        # A revision that was never on the branch was never reviewed.
        if self.rollback_to and not (
            _REVISION.fullmatch(self.rollback_to) and is_ancestor(repository.root, self.rollback_to)
        ):
            raise ActionableError(
                f"Parameter rollback-to: {self.rollback_to!r}: must be a revision of this branch, with all 40 digits."
            )
