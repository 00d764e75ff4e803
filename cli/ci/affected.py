"""Decides what a change affects: what has to be tested, built, previewed and deployed because of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import PurePosixPath

from cli.ci.repository import Repository, is_test

_IN_ALL_IMAGES = ("Dockerfile", "requirements.lock")
"""Files of services/ that every service's image is built with."""
_LIBRARIES_IN_ALL_IMAGES = ("services/lib/contract", "services/lib/runtime")
_CROSS_SERVICE_TESTS = frozenset({"tests"})
"""Runs services as processes, and so tests them without importing them."""
_STACK_READERS = frozenset({"cli", "infra", "offline"})
"""The parts whose tests read the stacks' settings files."""


@dataclass(frozen=True)
class Affected:
    """The parts that a change affects. Style is always checked, so it is not mentioned here.

    Args:
        types: Check the types of the Python code.
        applications: Check the web applications.
        tests: Parts of the repository whose tests to run.
        end_to_end: Parts whose tests on a cluster to run.
        images: Services whose images to build.
        previews: Stacks on AWS to preview.
    """

    types: bool = False
    applications: bool = False
    tests: frozenset[str] = frozenset()
    end_to_end: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    previews: frozenset[str] = frozenset()

    def __or__(self, other: "Affected") -> "Affected":
        return Affected(**{name: mine | getattr(other, name) for name, mine in vars(self).items()})


def affected(repository: Repository, changed: Iterable[str]) -> Affected:
    """Returns what the changed, added or deleted files affect together. Paths are relative to the root."""
    return reduce(Affected.__or__, (_by_file(repository, PurePosixPath(path)) for path in changed), Affected())


def everything(repository: Repository) -> Affected:
    """Returns what a change affects that could be anything."""
    return Affected(
        types=True,
        applications=True,
        tests=repository.tested,
        end_to_end=repository.end_to_end,
        images=repository.built,
        previews=frozenset(repository.on_aws),
    )


def _by_file(repository: Repository, path: PurePosixPath) -> Affected:
    if _is_prose(path):
        return Affected()
    part = repository.part_of(path)
    match path.parts:
        case ("stacks", name):
            return _by_stack(repository, name)
        case ("services", name) if name in _IN_ALL_IMAGES:
            return _deployed(repository, repository.built)
        case ("services", *_) if part:
            return _by_service(repository, part, path.relative_to(part))
        case _ if part:
            return _by_folder(repository, part, path)
    return everything(repository)


def _is_prose(path: PurePosixPath) -> bool:
    """Returns True for documentation, except Markdown that a service serves."""
    if path.parts[0] == "docs":
        return path.suffix != ".py"
    content = path.parts[0] == "services" and {"src", "application"} & set(path.parts)
    return path.parts == ("LICENSE",) or (path.suffix == ".md" and not content)


def _by_stack(repository: Repository, file: str) -> Affected:
    stack = file.removeprefix("Pulumi.").removesuffix(".yaml")
    if stack not in repository.stacks:
        return everything(repository)
    if stack in repository.on_aws:
        return Affected(tests=_STACK_READERS, previews=frozenset({stack}))
    return Affected(tests=_STACK_READERS, end_to_end=repository.end_to_end & _CROSS_SERVICE_TESTS)


def _by_service(repository: Repository, part: str, inside: PurePosixPath) -> Affected:
    deployed = _deployed(repository, repository.built & {part.removeprefix("services/")})
    match inside.parts[0]:
        case "src" | "protos":
            return _by_source(repository, part)
        case "tests":
            return Affected(types=True, tests=frozenset({part}))
        case "service.yaml":
            # The platform reads service files with the library `definition`.
            readers = repository.affected_by("services/lib/definition")
            return Affected(tests=repository.testers(readers | {part})) | deployed
        case "application":
            return Affected(applications=True, tests=repository.testers(frozenset({part}))) | deployed
        case "requirements.lock":
            return deployed
    return everything(repository)


def _by_source(repository: Repository, part: str) -> Affected:
    parts = repository.affected_by(part)
    found = Affected(types=True, tests=repository.testers(parts))
    if part in _LIBRARIES_IN_ALL_IMAGES:
        return found | _deployed(repository, repository.built)
    if images := repository.built & {part.removeprefix("services/")}:
        return found | Affected(tests=_CROSS_SERVICE_TESTS) | _deployed(repository, images)
    return found | Affected(previews=frozenset(repository.on_aws if "infra" in parts else ()))


def _by_folder(repository: Repository, part: str, path: PurePosixPath) -> Affected:
    types = path.suffix == ".py"
    if part == "charts" and not is_test(path):
        # Only the stack `local` uses charts, and so only the tests that run it.
        return Affected(tests=frozenset({part}), end_to_end=repository.end_to_end & ({part} | _CROSS_SERVICE_TESTS))
    if is_test(path) or part == "tests":
        return Affected(types=types, tests=frozenset({part}), end_to_end=repository.end_to_end & {part})
    parts = repository.affected_by(part)
    found = Affected(types=types, tests=repository.testers(parts))
    if parts & {"cli", "offline"}:
        # They run the Pulumi program, on AWS and on one machine.
        found |= Affected(end_to_end=repository.end_to_end)
    if "infra" in parts:
        found |= _deployed(repository, frozenset())
    if "dev" in parts:
        # It builds the images.
        found |= _deployed(repository, repository.built)
    return found


def _deployed(repository: Repository, images: frozenset[str]) -> Affected:
    return Affected(images=images, previews=frozenset(repository.on_aws))
