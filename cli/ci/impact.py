"""What a change concerns: what has to be checked, built, previewed and deployed because of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import PurePosixPath

from cli.ci.repository import Repository, is_test

_PROSE = ".md"
_OF_ALL_IMAGES = ("Dockerfile", "requirements.lock")
"""Of services/: what every service's image is made with."""
_LIBRARIES = frozenset({"services/lib/contract", "services/lib/runtime"})
"""The parts that are in every image, whole."""
_CROSSING = frozenset({"tests"})
"""The part whose tests run services without importing them, and hold them to their contract."""
_READ_STACKS = frozenset({"infra", "ops"})


@dataclass(frozen=True)
class Impact:
    """Style is always checked, and is not told of here.

    `tests` and `end_to_end` are parts of the repository, `images` services, `previews` stacks on AWS.
    """

    types: bool = False
    applications: bool = False
    tests: frozenset[str] = frozenset()
    end_to_end: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    previews: frozenset[str] = frozenset()

    def __or__(self, other: "Impact") -> "Impact":
        return Impact(
            types=self.types or other.types,
            applications=self.applications or other.applications,
            tests=self.tests | other.tests,
            end_to_end=self.end_to_end | other.end_to_end,
            images=self.images | other.images,
            previews=self.previews | other.previews,
        )


def impact(repository: Repository, changed: Iterable[str]) -> Impact:
    """Of all these paths together, relative to the repository's root; what is gone counts as well."""
    return reduce(Impact.__or__, (_of_one(repository, PurePosixPath(path)) for path in changed), Impact())


def everything(repository: Repository) -> Impact:
    return Impact(
        types=True,
        applications=True,
        tests=repository.tested,
        end_to_end=repository.end_to_end,
        images=repository.built,
        previews=repository.on_aws,
    )


def _of_one(repository: Repository, path: PurePosixPath) -> Impact:
    if _is_prose(path):
        return Impact()
    part = repository.part_of(path)
    match path.parts:
        case ("stacks", name):
            return _of_stack(repository, name)
        case ("services", name) if name in _OF_ALL_IMAGES:
            return _deployed(repository, repository.built)
        case ("services", service, inside, *_) if part:
            return _of_service(repository, part, service, inside)
        case _ if part:
            return _of_room(repository, part, path)
    return everything(repository)


def _is_prose(path: PurePosixPath) -> bool:
    """What people read, unless a service answers with it."""
    if path.parts[0] == "docs":
        return path.suffix != ".py"
    content = path.parts[0] == "services" and {"src", "application"} & set(path.parts)
    return path.parts == ("LICENSE",) or (path.suffix == ".md" and not content)


def _of_stack(repository: Repository, file: str) -> Impact:
    """The tests of infra and ops read the files of stacks."""
    stack = file.removeprefix("Pulumi.").removesuffix(".yaml")
    if stack not in repository.stacks:
        return everything(repository)
    if stack in repository.on_aws:
        return Impact(tests=_READ_STACKS, previews=frozenset({stack}))
    return Impact(tests=_READ_STACKS, end_to_end=repository.end_to_end & _CROSSING)


def _of_service(repository: Repository, part: str, service: str, inside: str) -> Impact:
    own = repository.testers(frozenset({part}))
    deployed = _deployed(repository, repository.built & {service})
    match inside:
        case "src" | "protos":
            return _of_source(repository, part, service)
        case "tests":
            return Impact(types=True, tests=frozenset({part}))
        case "service.yaml":
            # The platform reads what services say about themselves by the package `definition`.
            readers = repository.concerned("services/lib/definition")
            return Impact(tests=repository.testers(readers | {part})) | deployed
        case "application":
            return Impact(applications=True, tests=own) | deployed
        case "requirements.lock":
            return deployed
    return everything(repository)


def _of_source(repository: Repository, part: str, service: str) -> Impact:
    concerned = repository.concerned(part)
    found = Impact(types=True, tests=repository.testers(concerned))
    if part in _LIBRARIES:
        return found | _deployed(repository, repository.built)
    if service in repository.built:
        return found | Impact(tests=_CROSSING) | _deployed(repository, frozenset({service}))
    return found | Impact(previews=repository.on_aws if "infra" in concerned else frozenset())


def _of_room(repository: Repository, part: str, path: PurePosixPath) -> Impact:
    types = path.suffix == ".py"
    if part == "charts" and not is_test(path):
        # No stack on AWS has them: the shop on one machine does, and so the tests that run it.
        return Impact(tests=frozenset({part}), end_to_end=repository.end_to_end & ({part} | _CROSSING))
    if is_test(path) or part == "tests":
        return Impact(types=types, tests=frozenset({part}), end_to_end=repository.end_to_end & {part})
    concerned = repository.concerned(part)
    found = Impact(types=types, tests=repository.testers(concerned))
    if "local" in concerned:
        # It builds the images, and runs the engine for previews.
        found |= Impact(end_to_end=repository.end_to_end, images=repository.built, previews=repository.on_aws)
    return found


def _deployed(repository: Repository, images: frozenset[str]) -> Impact:
    return Impact(images=images, previews=repository.on_aws)
