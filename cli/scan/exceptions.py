"""Reads the exceptions to Checkov's findings from exceptions.yaml."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from boutique_definition.validation import FileModel, read_yaml, validated
from cli.scan.checkov import Finding

FILE: Final = Path(__file__).with_name("exceptions.yaml")


class ScanException(FileModel):
    """An exception for some resources.

    Args:
        check: The id of the check, such as CKV_AWS_16.
        resources: Patterns for a resource's type and name, such as `aws:rds/*::database`.
        stacks: The stacks it applies to. All if empty.
        reason: Why the finding is acceptable.
    """

    check: Annotated[str, StringConstraints(pattern=r"^CKV2?_[A-Z0-9]+_[0-9]+$")]
    resources: Annotated[list[str], Field(min_length=1)]
    stacks: tuple[str, ...] = ()
    reason: Annotated[str, StringConstraints(min_length=10)]

    def applies_to(self, stack: str) -> bool:
        """Returns whether the exception is valid for a stack."""
        return not self.stacks or stack in self.stacks

    def covers(self, finding: Finding) -> bool:
        """Returns whether the exception is for the check and the resource of a finding."""
        return self.check == finding.check and any(_matches(finding, pattern) for pattern in self.resources)


class ScanExceptions(FileModel):
    """The content of exceptions.yaml."""

    exceptions: list[ScanException]


def read_exceptions(stack: str, file: Path = FILE) -> list[ScanException]:
    """Returns the exceptions for a stack.

    Raises:
        ConfigError: If the file is invalid.
    """
    content = validated(ScanExceptions, read_yaml(file), lambda key: f"{file.name}: {'.'.join(map(str, key))}")
    return [exception for exception in content.exceptions if exception.applies_to(stack)]


def uncovered(findings: Sequence[Finding], exceptions: Sequence[ScanException]) -> list[Finding]:
    """Returns the findings that no exception covers."""
    return [finding for finding in findings if not any(exception.covers(finding) for exception in exceptions)]


def unused(findings: Sequence[Finding], exceptions: Sequence[ScanException]) -> list[tuple[str, str]]:
    """Returns the checks and patterns of exceptions that cover no finding, since they could hide a later one."""
    return [
        (exception.check, pattern)
        for exception in exceptions
        for pattern in exception.resources
        if not any(exception.check == finding.check and _matches(finding, pattern) for finding in findings)
    ]


def name_of(urn: str) -> str:
    """Returns the type and the name of a resource: its URN without stack, project and parents."""
    *_, types, name = urn.split("::")
    return f"{types.rpartition('$')[2]}::{name}"


def _matches(finding: Finding, pattern: str) -> bool:
    return fnmatchcase(name_of(finding.urn), pattern)
