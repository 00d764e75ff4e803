"""Computes the parameters that `.circleci/continue.yml` declares. Those left out keep the default: nothing to do."""

from collections.abc import Iterable

from cli.ci.affected import Affected, affected, everything
from cli.ci.changes import MAIN, changed_on_branch, changed_since, github_repository
from cli.ci.repository import Repository
from cli.ci.trigger import Trigger
from dev.errors import ActionableError

Parameters = dict[str, str | bool]

_LONGEST = 512
"""CircleCI's limit for a parameter's value. Source: CircleCI documentation, "Pipeline values and parameters"."""


def parameters(repository: Repository, trigger: Trigger) -> Parameters:
    """Returns the parameters to continue a pipeline with.

    Raises ActionableError if the trigger asks for something that cannot be deployed.
    """
    trigger.check(repository)
    if trigger.nightly:
        return for_night(repository)
    if trigger.service or trigger.rollback_to:
        return for_request(repository, trigger)
    if trigger.branch in trunks(repository) and not trigger.fork:
        return for_main(repository, _affected(repository, changed_since(repository.root, trigger.base)), trigger.branch)
    return for_branch(_affected(repository, changed_on_branch(repository.root)), trigger)


def for_branch(found: Affected, trigger: Trigger) -> Parameters:
    """Returns the parameters of a pipeline that checks and previews a branch's change."""
    values = _checks(found) | {"workflow": "branch"}
    if found.previews and trigger.fork:
        # A fork's code gets no credentials, and so no preview.
        values["fork-without-preview"] = True
    elif found.previews:
        values["stacks-to-preview"] = " ".join(sorted(found.previews))
        if request := trigger.pull_request:
            values |= {"repository": request.repository, "pull-request": request.number}
    return values


def for_main(repository: Repository, found: Affected, branch: str) -> Parameters:
    """Returns the parameters of a pipeline that checks a change, and deploys it if it affects a stack."""
    stacks = deployed_from(repository, branch)
    deploys = _deploys(stacks) if found.images or found.previews & set(stacks) else {}
    return _checks(found) | deploys | {"workflow": "main"}


def for_request(repository: Repository, trigger: Trigger) -> Parameters:
    """Returns the parameters of a release or a rollback. Raises ActionableError if the branch deploys no stack."""
    stacks = [] if trigger.fork else deployed_from(repository, trigger.branch)
    if not stacks:
        raise ActionableError(
            f"No stack is deployed from branch {trigger.branch!r}. Run the pipeline on the branch that the settings of "
            f"{', '.join(repository.promotion)} name in boutique:aws.pipelines.branch."
        )
    return _deploys(stacks) | {"workflow": "release" if trigger.service else "rollback"}


def for_night(repository: Repository) -> Parameters:
    """Returns the parameters of the nightly pipeline, which looks after every stack that gives pipelines access."""
    stacks = [name for name, settings in repository.on_aws.items() if settings.pipelines]
    if not stacks:
        return {}
    expiries = {f"expire-{name}": True for name in stacks if repository.on_aws[name].expires}
    issues = github_repository(repository.root) or ""
    return {"workflow": "nightly", "stacks-to-watch": " ".join(stacks), "repository": issues, **expiries}


def for_everything(repository: Repository) -> Parameters:
    """Returns the parameters of a job that runs as if everything had changed."""
    stacks = " ".join(repository.on_aws)
    return _checks(everything(repository)) | {"stacks-to-preview": stacks, "stacks-to-watch": stacks}


def deployed_from(repository: Repository, branch: str) -> list[str]:
    """Returns the stacks that are deployed from a branch, in the order of promotion."""
    access = {name: repository.on_aws[name].pipelines for name in repository.promotion}
    return [name for name, pipelines in access.items() if pipelines and pipelines.branch == branch]


def trunks(repository: Repository) -> set[str]:
    """Returns the branches that are not for pull requests: main, and those that stacks are deployed from."""
    return {MAIN, *(settings.pipelines.branch for settings in repository.on_aws.values() if settings.pipelines)}


def _affected(repository: Repository, changed: list[str] | None) -> Affected:
    return everything(repository) if changed is None else affected(repository, changed)


def _checks(found: Affected) -> Parameters:
    return {
        "check-types": found.types,
        "check-applications": found.applications,
        "folders-to-test": _folders(found.tests),
        "folders-to-test-end-to-end": _folders(found.end_to_end),
        "images-to-scan": " ".join(sorted(found.images)),
    }


def _deploys(stacks: Iterable[str]) -> Parameters:
    return {f"deploy-{name}": True for name in stacks}


def _folders(parts: Iterable[str]) -> str:
    """Returns a list of folders. If it is too long for a parameter, it names the folders that these are in."""
    listed = " ".join(sorted(parts))
    return listed if len(listed) <= _LONGEST else " ".join(sorted({part.partition("/")[0] for part in parts}))
