"""Scans a plan and prints each finding that no exception covers."""

import argparse
import sys
from pathlib import Path

from boutique_definition.validation import ConfigError
from cli.plan import read_plan
from cli.scan.checkov import scan
from cli.scan.exceptions import FILE, name_of, read_exceptions, uncovered, unused
from cli.scan.translation import translate


def main(plan: Path) -> int:
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
    report = scan(translate(resources))
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m cli.scan", description=__doc__)
    parser.add_argument("plan", type=Path, help="the output of `pulumi preview --json`")
    try:
        sys.exit(main(parser.parse_args().plan))
    except ConfigError as error:
        sys.exit(str(error))
