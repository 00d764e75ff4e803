"""What runs on what occasion: on a branch, on main, at night, for another repository's service, and to go back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cli.ci.changes import MAIN
from cli.ci.continuation import Approval, Continuation, Placed
from cli.ci.impact import Impact
from cli.ci.jobs import Job, deploys, reads
from cli.ci.repository import Repository, Stack

PROMOTION = ("dev", "staging", "prod")
"""The stacks that a change passes through, in this order. Others are a person's to deploy."""
APPROVED = frozenset({"prod"})
"""Those that it enters when a person has said so."""

READ = ("boutique-read",)
"""Contexts. A token that may read the zone in Cloudflare."""
COMMENT = ("boutique-comment",)
"""A token that may comment on pull requests, and write issues, in GitHub."""

_UP_SILENT_MINUTES = 60
"""A database with a standby is made in one step of up to three quarters of an hour."""
_BUILD_SILENT_MINUTES = 30


def deploy_contexts(stack: Stack) -> tuple[str, ...]:
    """A token that may change the stack's zone in Cloudflare. Who may not use prod's lets nothing into prod."""
    return (f"boutique-{stack.name}",)


def deployed(repository: Repository, branch: str) -> list[Stack]:
    """The stacks that are deployed from a branch: their settings say so."""
    stacks = [repository.stacks[name] for name in PROMOTION if name in repository.stacks]
    return [stack for stack in stacks if stack.aws and stack.aws.pipelines and stack.aws.pipelines.branch == branch]


def trunks(repository: Repository) -> frozenset[str]:
    """The branches that are no one's pull request."""
    settings = [stack.aws.pipelines for stack in repository.stacks.values() if stack.aws and stack.aws.pipelines]
    return frozenset({MAIN, *(pipelines.branch for pipelines in settings)})


@dataclass(frozen=True)
class PullRequest:
    """On GitHub: the repository is owner/name."""

    repository: str
    number: str


def branch(repository: Repository, impact: Impact, request: PullRequest | None = None) -> Continuation:
    """Without a pull request, what would be its comment is in the job's log."""
    previews = [_preview(repository.stacks[name]) for name in sorted(impact.previews)]
    members = [*_checks(impact), *previews]
    if previews:
        environment = {"STACKS": " ".join(sorted(impact.previews))}
        if request:
            environment |= {"REPOSITORY": request.repository, "PULL_REQUEST": request.number}
        comment = Job("comment", ["comment"], environment, gathers=True)
        after = [preview.name for preview in previews]
        members.append(Placed(comment, after=after, contexts=COMMENT if request else ()))
    return Continuation("pull-request", members)


def fork(impact: Impact) -> Continuation:
    """Anybody's code: it is given no credentials. So nothing is previewed, and what says so is in the job's log."""
    comment = [Placed(Job("comment", ["comment"], {"FORK": "1"}))] if impact.previews else []
    return Continuation("pull-request", [*_checks(impact), *comment])


def trunk(repository: Repository, impact: Impact, branch: str) -> Continuation:
    """Checks, and then one stack after the other where the change concerns what runs in any of them."""
    checks = _checks(impact)
    passed = [check.name for check in checks]
    concerned = impact.images or impact.previews & {stack.name for stack in deployed(repository, branch)}
    return Continuation("main", [*checks, *(_promotion(repository, branch, passed, builds=True) if concerned else ())])


def release(repository: Repository, branch: str, service: str, image: str) -> Continuation:
    """A service of another repository goes through the same stacks."""
    environment = {"SERVICE": service, "IMAGE": image}
    return Continuation("release", list(_promotion(repository, branch, [], environment)))


def rollback(repository: Repository, branch: str, revision: str) -> Continuation:
    """A person says which stacks go back: each by itself, at once."""
    members: list[Placed | Approval] = []
    for stack in deployed(repository, branch):
        approval = Approval(f"approve-{stack.name}")
        up = _up(repository, stack, [approval.name])
        members += [approval, replace(up, job=replace(up.job, revision=revision))]
    return Continuation("rollback", members)


def nightly(repository: Repository, on_github: str | None = None) -> Continuation:
    """Of every stack that pipelines have access to. Drift is told in issues of that repository on GitHub."""
    members = [
        *(_drift(stack, on_github) for stack in repository.stacks.values() if reads(stack)),
        *(_expire(stack) for stack in repository.stacks.values() if deploys(stack) and stack.aws and stack.aws.expires),
    ]
    return Continuation("nightly", members or [Placed(_style())])


def _checks(impact: Impact) -> list[Placed]:
    jobs = [_style()]
    if impact.types:
        jobs.append(Job("types", ["types"]))
    if impact.applications:
        jobs.append(Job("applications", ["applications"]))
    jobs += [_tests(group, parts) for group, parts in _grouped(impact.tests).items()]
    if impact.images:
        services = " ".join(sorted(impact.images))
        jobs.append(
            Job(
                "images",
                ["vulnerabilities"],
                {"SERVICES": services},
                machine=True,
                silent_minutes=_BUILD_SILENT_MINUTES,
            )
        )
    if impact.end_to_end:
        parts = " ".join(sorted(impact.end_to_end))
        jobs.append(Job("e2e", ["e2e"], {"E2E": parts}, machine=True, silent_minutes=_BUILD_SILENT_MINUTES))
    return [Placed(job) for job in jobs]


def _style() -> Job:
    return Job("style", ["style"])


def _tests(group: str, parts: Sequence[str]) -> Job:
    return Job(f"test-{group}", ["units"], {"TESTS": " ".join(parts)})


def _grouped(parts: Iterable[str]) -> dict[str, list[str]]:
    """By the first folder: that many run at once."""
    groups: dict[str, list[str]] = {}
    for part in sorted(parts):
        groups.setdefault(part.partition("/")[0], []).append(part)
    return groups


def _preview(stack: Stack) -> Placed:
    """Without a role against an emulated account, as on anybody's machine."""
    job = Job(
        f"preview-{stack.name}",
        ["versions", "plan"],
        {"STACK": stack.name},
        silent_minutes=_BUILD_SILENT_MINUTES,
        role=reads(stack),
        leaves=f"plan-{stack.name}.*",
    )
    return Placed(job, contexts=READ if job.role else ())


def _promotion(
    repository: Repository,
    branch: str,
    requires: Sequence[str],
    environment: dict[str, str] | None = None,
    *,
    builds: bool = False,
) -> Iterable[Placed | Approval]:
    for stack in deployed(repository, branch):
        if stack.name in APPROVED:
            approval = Approval(f"approve-{stack.name}", requires)
            yield approval
            requires = [approval.name]
        if builds:
            push = _push(stack, requires)
            yield push
            requires = [push.name]
        up = _up(repository, stack, requires, environment or {})
        yield up
        requires = [up.name]


def _push(stack: Stack, requires: Sequence[str]) -> Placed:
    """Images have an engine, but no way to a cluster's API: see jobs.py."""
    job = Job(
        f"push-{stack.name}",
        ["images"],
        {"STACK": stack.name},
        machine=True,
        silent_minutes=_BUILD_SILENT_MINUTES,
        role=deploys(stack),
    )
    return Placed(job, requires=requires)


def _up(
    repository: Repository, stack: Stack, requires: Sequence[str], environment: dict[str, str] | None = None
) -> Placed:
    """It finds all images in the registry, and so has no need of an engine.

    Its smoke test is in the same job, so that no other `up` comes between: a serial group ends with a job.
    """
    elsewhere = ["release"] if repository.elsewhere else []
    job = Job(
        f"up-{stack.name}",
        [*elsewhere, "up", "smoke"],
        {"STACK": stack.name, **(environment or {})},
        silent_minutes=_UP_SILENT_MINUTES,
        role=deploys(stack),
    )
    return Placed(job, requires=requires, contexts=deploy_contexts(stack), environment=stack.name)


def _drift(stack: Stack, on_github: str | None) -> Placed:
    job = Job(
        f"drift-{stack.name}",
        ["versions", "drift"],
        {"STACK": stack.name, "RUNNING": "1"} | ({"REPOSITORY": on_github} if on_github else {}),
        silent_minutes=_BUILD_SILENT_MINUTES,
        role=reads(stack),
    )
    return Placed(job, contexts=(*READ, *COMMENT) if on_github else READ)


def _expire(stack: Stack) -> Placed:
    """Takes it down once its day has come, and every night after that tells what is left."""
    job = Job(
        f"expire-{stack.name}",
        ["expire"],
        {"STACK": stack.name},
        silent_minutes=_UP_SILENT_MINUTES,
        role=deploys(stack),
    )
    return Placed(job, contexts=deploy_contexts(stack), environment=stack.name)
