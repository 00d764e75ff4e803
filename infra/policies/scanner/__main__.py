"""Scans a plan: prints each finding that no exception covers, and ends with 1 where there is one."""

import sys
import tempfile
from pathlib import Path

from boutique_definition.validation import MistakeError
from infra.policies.scanner.checkov import scan
from infra.policies.scanner.exceptions import read_exceptions, unexcused, unused
from infra.policies.scanner.plans import manifests, read_plan, terraform_plan
from local.errors import ActionableError
from local.progress import Progress


def main(plan: Path) -> int:
    resources = read_plan(plan)
    exceptions = read_exceptions()
    with tempfile.TemporaryDirectory() as name, Progress() as progress:
        directory = Path(name)
        (directory / "plan.json").write_text(terraform_plan(resources))
        (directory / "manifests.yaml").write_text(manifests(resources))
        findings = scan(directory / "plan.json", directory / "manifests.yaml", progress)
    wrong = [f"{finding.check}  {finding.resource}: {finding.title}" for finding in unexcused(findings, exceptions)]
    wrong += [f"exceptions.yaml: {one.check} {one.resource}: covers nothing" for one in unused(findings, exceptions)]
    excused = len(findings) - len(unexcused(findings, exceptions))
    print("\n".join([*wrong, f"{len(resources)} resources: {len(wrong)} to mend, {excused} excused with a reason"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except (ActionableError, MistakeError) as error:
        sys.exit(str(error))
