"""Reads the provider's configuration and the address of the emulated account."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from boutique_offline.plugins.endpoints import emulator_endpoint
from boutique_offline.plugins.properties import Unknown, contains, reveal
from boutique_offline.plugins.provider import not_covered
from boutique_offline.plugins.serving import PluginError

# The emulated account accepts any credentials, so validation can be neither done nor skipped.
_COVERED: Final = {"allowedAccountIds", "defaultTags", "region", "skipCredentialsValidation", "version"}
# Set by the SDK when a program does not set them.
_DEFAULTS: Final = {"skipMetadataApiCheck": "true", "skipRegionValidation": "true"}


@dataclass(frozen=True)
class Configuration:
    """The configuration. Every account is allowed if `allowed_accounts` is empty."""

    region: str
    default_tags: Mapping[str, str]
    allowed_accounts: tuple[str, ...]


def read(arguments: Mapping[str, Any]) -> Configuration:
    """Reads the configuration, whose nested values are JSON. Raises PluginError for what is not covered."""
    for name, value in arguments.items():
        if name not in _COVERED and not name.startswith("__") and _DEFAULTS.get(name) != value:
            raise not_covered(f"aws provider: {name}")
    if contains(dict(arguments), Unknown):
        raise PluginError("aws provider: its configuration must be known before anything is created")
    plain = reveal(dict(arguments))
    region = plain.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise PluginError("aws provider: region must be set, in the provider or as AWS_REGION")
    tags = _nested(plain.get("defaultTags")) or {}
    if unknown := sorted(tags.keys() - {"tags"}):
        raise not_covered(f"aws provider: defaultTags.{unknown[0]}")
    return Configuration(region, tags.get("tags") or {}, tuple(_nested(plain.get("allowedAccountIds")) or ()))


def _nested(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def account_endpoint() -> str:
    """Returns the emulated account's address. Raises PluginError if it is not on this machine."""
    return emulator_endpoint("BOUTIQUE_AWS_ENDPOINT", "aws")
