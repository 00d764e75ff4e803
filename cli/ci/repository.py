"""Reads which folders, services and stacks the repository has. No other list of them is kept."""

import ast
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from infra.config.aws import AwsSettings
from infra.config.settings import check_settings, read_settings

_CLUSTER = "mark.cluster"
"""Marks the tests that `boutique e2e` runs."""


@dataclass(frozen=True)
class Repository:
    """The tracked files and the stacks.

    A part is a folder with source and tests of its own, such as `services/cart`, `services/lib/runtime` or `infra`.

    Args:
        root: Folder of the checkout.
        files: All tracked files, relative to the root.
        stacks: Settings of every stack by name; None for a stack that is not on AWS.
    """

    root: Path
    files: tuple[PurePosixPath, ...]
    stacks: Mapping[str, AwsSettings | None]

    @classmethod
    def read(cls, root: Path) -> Self:
        """Reads a checkout. Raises boutique_definition.validation.ConfigError if a stack's settings are wrong."""
        names = sorted(file.stem.removeprefix("Pulumi.") for file in root.glob("stacks/Pulumi.*.yaml"))
        stacks = {name: check_settings(name, read_settings(name)).aws for name in names}
        return cls(root, tuple(_tracked_files(root)), stacks)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """All parts, services first."""
        projects = [file.parent for file in self.files if file.name == "pyproject.toml" and file.parts[0] == "services"]
        rooms = {file.parts[0] for file in self.files if file.suffix == ".py" and len(file.parts) > 1}
        return (*map(str, projects), *sorted(rooms - {"services"}))

    @cached_property
    def services(self) -> frozenset[str]:
        """Names of the services that are deployed."""
        return frozenset(file.parts[1] for file in self.files if file.match("services/*/service.yaml"))

    @cached_property
    def built(self) -> frozenset[str]:
        """Names of the services whose images are built from this repository."""
        return self.services & {file.parts[1] for file in self.files if file.match("services/*/src/*/*")}

    @property
    def elsewhere(self) -> frozenset[str]:
        """Names of the services whose source is in another repository."""
        return self.services - self.built

    @cached_property
    def on_aws(self) -> Mapping[str, AwsSettings]:
        """Settings of the stacks on AWS."""
        return {name: settings for name, settings in self.stacks.items() if settings}

    @cached_property
    def promotion(self) -> tuple[str, ...]:
        """The stacks that a change on main passes through, in order. People deploy the others."""
        places = {name: place for name, settings in self.on_aws.items() if (place := settings.promotion) is not None}
        return tuple(sorted(places, key=places.__getitem__))

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
        """Returns the part that a file belongs to."""
        return next((part for part in self.parts if path.is_relative_to(part)), None)

    def affected_by(self, changed: str) -> frozenset[str]:
        """Returns the parts whose source imports the changed one, directly or indirectly, and the part itself."""
        found, waiting = {changed}, [changed]
        while waiting:
            imported = waiting.pop()
            importing = [part for part in self.parts if imported in self._imports[part, False] and part not in found]
            found.update(importing)
            waiting += importing
        return frozenset(found)

    def testers(self, changed: frozenset[str]) -> frozenset[str]:
        """Returns the parts whose tests belong to or import one of the changed parts."""
        return frozenset(part for part in self.tested if part in changed or self._imports[part, True] & changed)

    def _test_files(self) -> list[PurePosixPath]:
        return [file for file in self.files if file.match("test_*.py")]

    @cached_property
    def _packages(self) -> Mapping[str, str]:
        """The part that has the source of each importable package."""
        sources = [(part, file.relative_to(part)) for file in self.files if (part := self.part_of(file))]
        packages = {path.parts[1]: part for part, path in sources if path.parts[0] == "src" and len(path.parts) > 2}
        return packages | {part: part for part in self.parts if "/" not in part}

    @cached_property
    def _imports(self) -> Mapping[tuple[str, bool], frozenset[str]]:
        """The parts that a part imports, from its source (False) and from its tests (True)."""
        imports: dict[tuple[str, bool], set[str]] = {
            (part, test): set() for part in self.parts for test in (False, True)
        }
        for file in self.files:
            part = self.part_of(file)
            if part and file.suffix == ".py":
                names = _imported(self.root / file)
                imports[part, is_test(file)] |= {self._packages[name] for name in names if name in self._packages}
        return {(part, test): frozenset(parts - {part}) for (part, test), parts in imports.items()}


def is_test(path: PurePosixPath) -> bool:
    """Returns True for a file in a folder of tests."""
    return "tests" in path.parts[:-1]


def _tracked_files(root: Path) -> Iterator[PurePosixPath]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True)
    return (PurePosixPath(name) for name in listed.stdout.split("\0") if name and (root / name).is_file())


def _imported(file: Path) -> Iterator[str]:
    """Yields the top-level names of the modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
