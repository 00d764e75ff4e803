"""What the repository holds, as far as it decides what a change concerns: nothing of it is kept in a list."""

import ast
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from boutique_definition.service_file import package_name
from infra.aws.settings import AwsSettings
from infra.settings import check_settings, read_settings

_CLUSTER = "mark.cluster"
"""What says that a test is one of `make e2e`."""


@dataclass(frozen=True)
class Stack:
    """`aws` are its settings where it is on AWS."""

    name: str
    aws: AwsSettings | None


@dataclass(frozen=True)
class Repository:
    """A part is a folder with source and tests of its own: services/cart, services/shared, infra."""

    root: Path
    parts: tuple[str, ...]
    services: tuple[str, ...]
    """The names of those that are deployed: they have a service.yaml."""
    elsewhere: tuple[str, ...]
    """Of these, those whose source is in another repository."""
    stacks: Mapping[str, Stack]

    @classmethod
    def read(cls, root: Path) -> Self:
        """Raises boutique_definition.validation.MistakeError where a stack's file is wrong."""
        folders = sorted(file.parent for file in root.glob("services/*/pyproject.toml"))
        services = sorted(file.parent.name for file in root.glob("services/*/service.yaml"))
        stacks = sorted(file.stem.removeprefix("Pulumi.") for file in root.glob("stacks/Pulumi.*.yaml"))
        rooms = {path.partition("/")[0] for path in tracked_files(root) if path.endswith(".py") and "/" in path}
        return cls(
            root=root,
            parts=(
                *(folder.relative_to(root).as_posix() for folder in folders),
                *sorted(rooms - {"services"}),
            ),
            services=tuple(services),
            elsewhere=tuple(name for name in services if not (root / "services" / name / "src").is_dir()),
            stacks={name: Stack(name, check_settings(name, read_settings(name)).aws) for name in stacks},
        )

    def part_of(self, path: PurePosixPath) -> str | None:
        return next((part for part in self.parts if path.is_relative_to(part)), None)

    def concerned(self, changed: str) -> frozenset[str]:
        """The parts whose source imports that of the changed one, directly or not; with that one itself."""
        found, waiting = {changed}, [changed]
        while waiting:
            imported = waiting.pop()
            for part in self.parts:
                if part not in found and imported in self._imports[part, False]:
                    found.add(part)
                    waiting.append(part)
        return frozenset(found)

    def testers(self, changed: frozenset[str]) -> frozenset[str]:
        """The parts that have tests which are of, or import, one of these."""
        return frozenset(
            part
            for part in self.parts
            if self.has_tests(part) and (part in changed or self._imports[part, True] & changed)
        )

    def has_tests(self, part: str) -> bool:
        return any((self.root / part).rglob("test_*.py"))

    @cached_property
    def end_to_end(self) -> frozenset[str]:
        """The parts that have tests on a cluster."""
        return frozenset(
            part
            for part in self.parts
            if any(_CLUSTER in file.read_text() for file in (self.root / part).rglob("test_*.py"))
        )

    @cached_property
    def on_aws(self) -> frozenset[str]:
        return frozenset(name for name, stack in self.stacks.items() if stack.aws)

    @cached_property
    def built(self) -> frozenset[str]:
        """The services whose images are built here."""
        return frozenset(self.services) - frozenset(self.elsewhere)

    @cached_property
    def _imports(self) -> Mapping[tuple[str, bool], frozenset[str]]:
        """The parts that a part imports: its source, and its tests (True)."""
        packages = {package_name(PurePosixPath(part).name) if "/" in part else part: part for part in self.parts}
        packages |= {"hipstershop": "services/shared"}
        imports: dict[tuple[str, bool], set[str]] = {
            (part, tests): set() for part in self.parts for tests in (False, True)
        }
        for part in self.parts:
            for file in (self.root / part).rglob("*.py"):
                of_tests = is_test(PurePosixPath(file.relative_to(self.root).as_posix()))
                imports[part, of_tests] |= {packages[name] for name in _imported(file) if name in packages} - {part}
        return {key: frozenset(parts) for key, parts in imports.items()}


def is_test(path: PurePosixPath) -> bool:
    return "tests" in path.parts[:-1]


def tracked_files(root: Path) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name]


def _imported(file: Path) -> Iterator[str]:
    """The first names of the modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
