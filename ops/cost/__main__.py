"""Lists what a stack's plan is paid for: `python -m ops.cost dev build/plan-dev.json`."""

import argparse
import sys
from pathlib import Path

from boutique_definition.validation import MistakeError
from local.errors import ActionableError
from ops.cost.report import cost

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m ops.cost", description=__doc__)
    parser.add_argument("stack", help="such as `dev`: that of stacks/Pulumi.dev.yaml")
    parser.add_argument("plan", type=Path, help="what `pulumi preview --json --show-sames` printed")
    given = parser.parse_args()
    try:
        cost(given.stack, given.plan)
    except (ActionableError, MistakeError) as error:
        sys.exit(f"\n{error}")
