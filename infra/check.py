"""Checks the files that people write for a stack, without the engine: `python3 -m infra.check local`."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from boutique_definition.service_file import load_service_files
from boutique_definition.validation import ConfigError
from infra.aws.settings import AwsSettings
from infra.settings import STACKS, check_settings, read_settings, setting
from infra.shop.shop import check_shop
from infra.stores import STORES

ROOT = Path(__file__).parent.parent


def check(stack: str) -> None:
    """Raises ConfigError with a line for each mistake."""
    services = load_service_files(ROOT / "services")
    settings = check_settings(stack, read_settings(stack))
    if settings.aws and (overlaps := list(_overlapping_networks(stack, settings.aws))):
        raise ConfigError("\n".join(overlaps))
    check_shop(stack, settings, services, dict.fromkeys(services, "to be built"), STORES)


def _overlapping_networks(stack: str, settings: AwsSettings) -> Iterator[str]:
    """Networks in one account and region may one day be joined, and cannot be if they overlap."""
    cidr = settings.network.cidr
    for other, its in _other_environments(stack):
        if (its.account, its.region) == (settings.account, settings.region) and its.network.cidr.overlaps(cidr):
            line = f"{setting(stack, 'aws', 'network', 'cidr')}: {str(cidr)!r}"
            yield f"{line}: overlaps {its.network.cidr} of {other}, in the same account and region"


def _other_environments(stack: str) -> Iterator[tuple[str, AwsSettings]]:
    for file in sorted(STACKS.glob("Pulumi.*.yaml")):
        other = file.stem.removeprefix("Pulumi.")
        # Another file's mistakes are told when that stack is checked.
        with contextlib.suppress(ConfigError):
            settings = check_settings(other, read_settings(other)).aws
            if settings and other != stack:
                yield other, settings


if __name__ == "__main__":
    try:
        check(sys.argv[1])
    except ConfigError as error:
        sys.exit(str(error))
