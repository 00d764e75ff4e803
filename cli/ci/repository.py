"""What the repository holds, as far as it decides what a change concerns: nothing of it is kept in a list."""

import ast
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from boutique_definition.service_file import package_name
from infra.config.aws import AwsSettings
from infra.config.settings import check_settings, read_settings

_CLUSTER = "mark.cluster"
"""What says that a test is one of `make e2e`."""


@dataclass(frozen=True)
class Stack:
    """`aws` are its settings where it is on AWS."""

    name: str
    aws: AwsSettings | None


@dataclass(frozen=True)
class Repository:
    """A part is a folder with source and tests of its own: services/cart, services/lib/runtime, infra."""

    root: Path
    files: tuple[PurePosixPath, ...]
    """All that git tracks, and that is there."""
    stacks: Mapping[str, Stack]

    @classmethod
    def read(cls, root: Path) -> Self:
        """Raises boutique_definition.validation.ConfigError where a stack's file is wrong."""
        names = sorted(file.stem.removeprefix("Pulumi.") for file in root.glob("stacks/Pulumi.*.yaml"))
        return cls(
            root=root,
            files=tuple(_tracked_files(root)),
            stacks={name: Stack(name, check_settings(name, read_settings(name)).aws) for name in names},
        )

    @cached_property
    def parts(self) -> tuple[str, ...]:
        packages = [file.parent.as_posix() for file in self.files if file.match("services/*/pyproject.toml")]
        rooms = {file.parts[0] for file in self.files if file.suffix == ".py" and len(file.parts) > 1}
        return (*packages, *sorted(rooms - {"services"}))

    @cached_property
    def services(self) -> frozenset[str]:
        """Those that are deployed, by name: they have a service.yaml."""
        return frozenset(file.parts[1] for file in self.files if file.match("services/*/service.yaml"))

    @cached_property
    def built(self) -> frozenset[str]:
        """The services whose images are built here."""
        return self.services & {file.parts[1] for file in self.files if file.match("services/*/src/*/*")}

    @property
    def elsewhere(self) -> frozenset[str]:
        """The services whose source is in another repository."""
        return self.services - self.built

    @cached_property
    def on_aws(self) -> frozenset[str]:
        return frozenset(name for name, stack in self.stacks.items() if stack.aws)

    @cached_property
    def tested(self) -> frozenset[str]:
        """The parts that have tests."""
        return frozenset(part for file in self._test_files() if (part := self.part_of(file)))

    @cached_property
    def end_to_end(self) -> frozenset[str]:
        """The parts that have tests on a cluster."""
        on_cluster = (file for file in self._test_files() if _CLUSTER in (self.root / file).read_text())
        return frozenset(part for file in on_cluster if (part := self.part_of(file)))

    def part_of(self, path: PurePosixPath) -> str | None:
        return next((part for part in self.parts if path.is_relative_to(part)), None)

    def concerned(self, changed: str) -> frozenset[str]:
        """The parts whose source imports that of the changed one, directly or not; with that one itself."""
        found, waiting = {changed}, [changed]
        while waiting:
            imported = waiting.pop()
            importing = [part for part in self.parts if imported in self._imports[part, False] and part not in found]
            found.update(importing)
            waiting += importing
        return frozenset(found)

    def testers(self, changed: frozenset[str]) -> frozenset[str]:
        """The parts that have tests which are of, or import, one of these."""
        return frozenset(part for part in self.tested if part in changed or self._imports[part, True] & changed)

    def _test_files(self) -> list[PurePosixPath]:
        return [file for file in self.files if file.match("test_*.py")]

    @cached_property
    def _imports(self) -> Mapping[tuple[str, bool], frozenset[str]]:
        """The parts that a part imports: its source, and its tests (True)."""
        packages = {package_name(part.partition("/")[2]) if "/" in part else part: part for part in self.parts}
        # What is generated from the protos is beside the package that it serves.
        packages |= {"hipstershop": "services/lib/contract"}
        imports: dict[tuple[str, bool], set[str]] = {
            (part, test): set() for part in self.parts for test in (False, True)
        }
        for file in self.files:
            part = self.part_of(file)
            if part and file.suffix == ".py":
                imported = {packages[name] for name in _imported(self.root / file) if name in packages}
                imports[part, is_test(file)] |= imported - {part}
        return {key: frozenset(parts) for key, parts in imports.items()}


def is_test(path: PurePosixPath) -> bool:
    return "tests" in path.parts[:-1]


def _tracked_files(root: Path) -> Iterator[PurePosixPath]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True)
    return (PurePosixPath(name) for name in listed.stdout.split("\0") if name and (root / name).is_file())


def _imported(file: Path) -> Iterator[str]:
    """The first names of the modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
