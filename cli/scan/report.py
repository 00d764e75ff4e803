"""Prints the findings in a plan that no exception covers."""

from pathlib import Path

from boutique_definition.validation import ConfigError
from cli.plan import read_plan
from cli.scan.checkov import run_checkov
from cli.scan.exceptions import FILE, name_of, read_exceptions, uncovered, unused
from cli.scan.translation import translate


def scan(plan: Path) -> int:
    """Scans a plan and returns the exit status: 1 if there is a finding or an unused exception.

    Args:
        plan: A file with the output of `pulumi preview --json --show-sames`.

    Raises:
        ConfigError: If the plan can't be scanned.
    """
    resources = read_plan(plan).after
    if not resources:
        raise ConfigError(f"{plan}: has no resource to scan")
    exceptions = read_exceptions(_stack(next(iter(resources))))
    report = run_checkov(translate(resources))
    findings = uncovered(report.findings, exceptions)
    obsolete = unused(report.findings, exceptions)
    for finding in findings:
        print(f"{name_of(finding.urn)}: {finding.check}: {finding.title}")
    for check, pattern in obsolete:
        print(f"{FILE.name}: {check}: {pattern!r}: covers no finding. Remove it, or limit it to some stacks.")
    print(f"Checkov has no checks for {', '.join(report.unchecked_types) or 'nothing'}.")
    covered = len(report.findings) - len(findings)
    print(f"{plan.name}: {len(findings)} findings to fix or to except in {FILE.name}, {covered} covered by exceptions.")
    return 1 if findings or obsolete else 0


def _stack(urn: str) -> str:
    """Returns the stack of a resource. Source: a URN is urn:pulumi:<stack>::<project>::<types>::<name>."""
    return urn.partition("::")[0].rpartition(":")[2]
