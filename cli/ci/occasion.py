"""Why a pipeline runs, as CircleCI says it to the setup job, and what it goes on with because of that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cli.ci import workflows
from cli.ci.changes import changed_on_branch, changed_since, is_ancestor, on_github
from cli.ci.continuation import Continuation
from cli.ci.impact import Impact, everything, impact
from cli.ci.repository import Repository
from dev.errors import ActionableError

_PULL_REQUEST = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/pull/(\d+)")
_REVISION = re.compile(r"[0-9a-f]{40}")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9./:_-]*@sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Occasion:
    """`base` is the revision of the branch's former pipeline, empty where there was none.

    `request` is the address of the pull request that the branch is of, if there is one.
    """

    branch: str
    base: str = ""
    fork: bool = False
    request: str = ""
    service: str = ""
    digest: str = ""
    rollback_to: str = ""
    nightly: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """From what .circleci/config.yml and CircleCI set. Raises ActionableError where that contradicts itself."""
        occasion = cls(
            branch=environment.get("CIRCLE_BRANCH", ""),
            base=environment.get("PIPELINE_BASE_REVISION", ""),
            # Set for pull requests from forks alone, where the branch is called pull/<number> besides.
            fork="CIRCLE_PR_REPONAME" in environment or environment.get("CIRCLE_BRANCH", "").startswith("pull/"),
            request=environment.get("CIRCLE_PULL_REQUEST", ""),
            service=environment.get("PIPELINE_SERVICE", ""),
            digest=environment.get("PIPELINE_DIGEST", ""),
            rollback_to=environment.get("PIPELINE_ROLLBACK_TO", ""),
            nightly=environment.get("PIPELINE_NIGHTLY", "") == "true",
        )
        if bool(occasion.service) != bool(occasion.digest):
            raise ActionableError("Parameters service and digest: set both, or neither.")
        if sum((bool(occasion.service), bool(occasion.rollback_to), occasion.nightly)) > 1:
            raise ActionableError("Parameters service, rollback-to and nightly: a pipeline does one of these.")
        return occasion


def continuation(repository: Repository, occasion: Occasion) -> Continuation:
    """Raises ActionableError where a parameter names what is not there."""
    if occasion.nightly:
        return workflows.nightly(repository, on_github(repository.root))
    if occasion.service:
        _check_release(repository, occasion)
        return workflows.release(repository, _deploying(repository, occasion), occasion.service, occasion.digest)
    if occasion.rollback_to:
        _check_revision(repository, occasion.rollback_to)
        return workflows.rollback(repository, _deploying(repository, occasion), occasion.rollback_to)
    if occasion.fork:
        return workflows.fork(_impact(repository, changed_on_branch(repository.root)))
    if occasion.branch in workflows.trunks(repository):
        changed = changed_since(repository.root, occasion.base)
        return workflows.trunk(repository, _impact(repository, changed), occasion.branch)
    changed = changed_on_branch(repository.root)
    return workflows.branch(repository, _impact(repository, changed), _pull_request(occasion))


def _pull_request(occasion: Occasion) -> workflows.PullRequest | None:
    address = _PULL_REQUEST.fullmatch(occasion.request)
    return workflows.PullRequest(address[1], address[2]) if address else None


def _impact(repository: Repository, changed: list[str] | None) -> Impact:
    return everything(repository) if changed is None else impact(repository, changed)


def _deploying(repository: Repository, occasion: Occasion) -> str:
    if occasion.fork or not workflows.deployed(repository, occasion.branch):
        raise ActionableError(
            f"Branch {occasion.branch!r} deploys no stack: start the pipeline on the branch that is named as "
            f"boutique:aws.pipelines.branch in the settings of {', '.join(workflows.PROMOTION)}."
        )
    return occasion.branch


def _check_release(repository: Repository, occasion: Occasion) -> None:
    if occasion.service not in repository.elsewhere:
        allowed = ", ".join(sorted(repository.elsewhere)) or "no service at the moment"
        raise ActionableError(
            f"Parameter service: {occasion.service!r}: must be one that has a service.yaml here and its source in "
            f"another repository: {allowed}."
        )
    if not _IMAGE.fullmatch(occasion.digest):
        raise ActionableError(
            f"Parameter digest: {occasion.digest!r}: must be <registry>/<repository>@sha256:<64 hexadecimal digits>."
        )


def _check_revision(repository: Repository, revision: str) -> None:
    """What was never on the branch was never reviewed."""
    if not _REVISION.fullmatch(revision) or not is_ancestor(repository.root, revision):
        raise ActionableError(
            f"Parameter rollback-to: {revision!r}: must be a revision of this branch, as 40 hexadecimal digits."
        )
