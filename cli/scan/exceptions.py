"""Findings that are as they should be, each with a reason: exceptions.yaml."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from boutique_definition.validation import FileModel, read_yaml, validated
from cli.scan.checkov import Finding

FILE: Final = Path(__file__).with_name("exceptions.yaml")


class ScannerException(FileModel):
    """`resources` are patterns with `*` of a resource's type and name; `stacks` are all where none is named."""

    check: Annotated[str, StringConstraints(pattern=r"^CKV2?_[A-Z0-9]+_[0-9]+$")]
    resources: Annotated[list[str], Field(min_length=1)]
    stacks: tuple[str, ...] = ()
    reason: Annotated[str, StringConstraints(min_length=10)]

    def applies_to(self, stack: str) -> bool:
        return not self.stacks or stack in self.stacks

    def covers(self, finding: Finding) -> bool:
        return self.check == finding.check and any(_matches(finding, pattern) for pattern in self.resources)


class ScannerExceptions(FileModel):
    exceptions: list[ScannerException]


def read_exceptions(stack: str) -> list[ScannerException]:
    """Those that apply to the stack. Raises ConfigError for a file that is not as it must be."""
    content = validated(ScannerExceptions, read_yaml(FILE), lambda key: f"{FILE.name}: {'.'.join(map(str, key))}")
    return [exception for exception in content.exceptions if exception.applies_to(stack)]


def unexcused(findings: Sequence[Finding], exceptions: Sequence[ScannerException]) -> list[Finding]:
    """Those that no exception covers."""
    return [finding for finding in findings if not any(exception.covers(finding) for exception in exceptions)]


def unused(findings: Sequence[Finding], exceptions: Sequence[ScannerException]) -> list[tuple[str, str]]:
    """Checks and patterns of exceptions that cover nothing any more, and so only hide what may come."""
    return [
        (exception.check, pattern)
        for exception in exceptions
        for pattern in exception.resources
        if not any(exception.check == finding.check and _matches(finding, pattern) for finding in findings)
    ]


def name_of(urn: str) -> str:
    """The type and the name of a resource: its URN without stack, project and parents."""
    *_, types, name = urn.split("::")
    return f"{types.rpartition('$')[2]}::{name}"


def _matches(finding: Finding, pattern: str) -> bool:
    return fnmatchcase(name_of(finding.urn), pattern)
