"""Checks the files that people write for a stack, without the engine: `python3 -m infra.check local`."""

import sys
from pathlib import Path
from typing import Any

from boutique_definition.service_file import load_service_files
from boutique_definition.validation import MistakeError, read_yaml
from infra.settings import check_settings
from infra.shop.shop import check_shop
from infra.stores import STORES

ROOT = Path(__file__).parent.parent


def read_settings(stack: str) -> dict[str, Any]:
    """What the stack's file sets for this project, unchecked, by key. Raises MistakeError where it is no such file."""
    content = read_yaml(ROOT / "stacks" / f"Pulumi.{stack}.yaml") or {}
    return {key.removeprefix("boutique:"): value for key, value in content.get("config", {}).items()}


def check(stack: str) -> None:
    """Raises MistakeError with a line for each mistake."""
    services = load_service_files(ROOT / "services")
    settings = check_settings(stack, read_settings(stack))
    check_shop(stack, settings, services, dict.fromkeys(services, "to be built"), STORES)


if __name__ == "__main__":
    try:
        check(sys.argv[1])
    except MistakeError as mistake:
        sys.exit(str(mistake))
