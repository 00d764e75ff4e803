"""Scans a plan: prints each finding that no exception covers, and ends with 1 where there is one."""

import argparse
import sys
from pathlib import Path

from boutique_definition.validation import ConfigError
from cli.scan.checkov import scan
from cli.scan.exceptions import FILE, name_of, read_exceptions, unexcused, unused
from cli.scan.plans import read_plan, scannable


def main(plan: Path) -> int:
    """Answers the status to exit with. Raises ConfigError for what cannot be scanned."""
    resources = read_plan(plan)
    exceptions = read_exceptions(resources[0].stack)
    report = scan(scannable(resources))
    wrong = unexcused(report.findings, exceptions)
    obsolete = unused(report.findings, exceptions)
    for finding in wrong:
        print(f"{name_of(finding.urn)}: {finding.check}: {finding.title}")
    for check, pattern in obsolete:
        print(f"{FILE.name}: {check}: {pattern!r}: covers nothing: take it out, or limit it to stacks")
    print(f"Checkov has no checks for {', '.join(report.unexamined) or 'nothing'}.")
    excused = len(report.findings) - len(wrong)
    print(f"{plan.name}: {len(wrong)} to mend or to except in {FILE.name}, {excused} excepted there with a reason.")
    return 1 if wrong or obsolete else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m cli.scan", description=__doc__)
    parser.add_argument("plan", type=Path, help="what `pulumi preview --json` printed")
    try:
        sys.exit(main(parser.parse_args().plan))
    except ConfigError as error:
        sys.exit(str(error))
