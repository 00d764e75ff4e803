"""Findings that are as they should be, each with a reason: exceptions.yaml."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from pydantic import Field

from boutique_definition.validation import FileModel, read_yaml, validated
from infra.policies.scanner.checkov import Finding

_FILE: Final = Path(__file__).with_name("exceptions.yaml")


class ScannerException(FileModel):
    """`resource` is a pattern with `*`."""

    check: str
    resource: str
    reason: str = Field(min_length=10)

    def covers(self, finding: Finding) -> bool:
        return self.check == finding.check and fnmatchcase(finding.resource, self.resource)


class ScannerExceptions(FileModel):
    exceptions: list[ScannerException]


def read_exceptions() -> Sequence[ScannerException]:
    """Raises boutique_definition.validation.MistakeError for a file that is not as it must be."""
    content = read_yaml(_FILE)
    return validated(ScannerExceptions, content, lambda key: f"{_FILE.name}: {'.'.join(map(str, key))}").exceptions


def unexcused(findings: Sequence[Finding], exceptions: Sequence[ScannerException]) -> list[Finding]:
    """Those that no exception covers."""
    return [finding for finding in findings if not any(exception.covers(finding) for exception in exceptions)]


def unused(findings: Sequence[Finding], exceptions: Sequence[ScannerException]) -> list[ScannerException]:
    """Exceptions that cover nothing any more, and so only hide what may come."""
    return [exception for exception in exceptions if not any(map(exception.covers, findings))]
