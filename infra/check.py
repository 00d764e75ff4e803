"""Checks of the files that people write for a stack, without the engine."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from boutique_definition.service_file import ServiceFile, load_service_files
from boutique_definition.validation import ConfigError
from infra.config.aws import AwsSettings
from infra.config.settings import STACKS, Settings, check_settings, read_settings, setting
from infra.config.shop import STORES

SERVICES = Path(__file__).parent.parent / "services"


def check(stack: str, stacks: Path = STACKS) -> Settings:
    """Returns the stack's settings after checking them against the service files and the other stacks' files.

    Raises:
        ConfigError: The message has a line for each error.
    """
    services = load_service_files(SERVICES)
    settings = check_settings(stack, read_settings(stack, stacks))
    if settings.aws and (overlaps := list(_overlapping_networks(stack, settings.aws, stacks))):
        raise ConfigError("\n".join(overlaps))
    check_shop(stack, settings, services, dict.fromkeys(services, "to be built"))
    return settings


def check_shop(stack: str, settings: Settings, services: Mapping[str, ServiceFile], images: Mapping[str, str]) -> None:
    """Checks that the settings, the service files and the images fit together.

    Raises:
        ConfigError: The message has a line for each error.
    """
    errors = [
        f"{setting(stack, 'shop', 'services', name)}: must be one of {', '.join(services)}"
        for name in settings.shop.services
        if name not in services
    ]
    path, exposed = settings.exposed()
    external = [name for name, file in services.items() if file.external]
    errors += [
        f"{setting(stack, *path, name)}: is required: {name} is external" for name in external if name not in exposed
    ]
    errors += [
        f"{setting(stack, *path, name)}: must be one of {', '.join(external)}"
        for name in exposed
        if name not in external
    ]
    errors += [
        f"services/{name}/service.yaml: stores.{store}: must be one of {', '.join(STORES)}"
        for name, file in services.items()
        for store in file.stores
        if store not in STORES
    ]
    overridden = {name for name, override in settings.shop.services.items() if override.image}
    errors += [
        f"services/{name}: has no image: run `boutique images`"
        for name in services
        if name not in images.keys() | overridden
    ]
    if errors:
        raise ConfigError("\n".join(errors))


def _overlapping_networks(stack: str, settings: AwsSettings, stacks: Path) -> Iterator[str]:
    """Yields an error for each overlapping network in the same account and region, since AWS cannot peer those."""
    cidr = settings.network.cidr
    for other, its in _other_aws_stacks(stack, stacks):
        if (its.account, its.region) == (settings.account, settings.region) and its.network.cidr.overlaps(cidr):
            line = f"{setting(stack, 'aws', 'network', 'cidr')}: {str(cidr)!r}"
            yield f"{line}: overlaps {its.network.cidr} of {other}, in the same account and region"


def _other_aws_stacks(stack: str, stacks: Path) -> Iterator[tuple[str, AwsSettings]]:
    for file in sorted(stacks.glob("Pulumi.*.yaml")):
        other = file.stem.removeprefix("Pulumi.")
        # Errors in another stack's file are reported when that stack is checked.
        with contextlib.suppress(ConfigError):
            settings = check_settings(other, read_settings(other, stacks)).aws
            if settings and other != stack:
                yield other, settings
