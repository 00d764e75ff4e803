"""The provider's configuration, and the only endpoint that this stand-in ever talks to."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from boutique_offline.plugins import emulators
from boutique_offline.plugins.properties import Unknown, contains, reveal
from boutique_offline.plugins.serving import PluginError

ENDPOINT_VARIABLE: Final = "BOUTIQUE_AWS_ENDPOINT"
# The emulated account takes any credentials, so that there is nothing to validate or to skip.
_COVERED: Final = {"allowedAccountIds", "defaultTags", "region", "skipCredentialsValidation", "version"}
# What the SDK sends where a program says nothing.
_DEFAULTS: Final = {"skipMetadataApiCheck": "true", "skipRegionValidation": "true"}


@dataclass(frozen=True)
class Configuration:
    """`allowed_accounts` empty allows any."""

    region: str
    default_tags: Mapping[str, str]
    allowed_accounts: tuple[str, ...]


def read(arguments: Mapping[str, Any]) -> Configuration:
    """Raises PluginError naming what this stand-in does not cover. Nested values come as JSON from the SDK."""
    for name, value in arguments.items():
        if name not in _COVERED and not name.startswith("__") and _DEFAULTS.get(name) != value:
            raise PluginError(f"aws provider: {name} is not covered by this stand-in plugin")
    if contains(dict(arguments), Unknown):
        raise PluginError("aws provider: its configuration must be known before anything is made")
    plain = reveal(dict(arguments))
    region = plain.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise PluginError("aws provider: region must be set, in the provider or as AWS_REGION")
    tags = _nested(plain.get("defaultTags")) or {}
    if unknown := sorted(tags.keys() - {"tags"}):
        raise PluginError(f"aws provider: defaultTags.{unknown[0]} is not covered by this stand-in plugin")
    return Configuration(region, tags.get("tags") or {}, tuple(_nested(plain.get("allowedAccountIds")) or ()))


def _nested(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def emulator() -> str:
    """The emulated account's address. Raises PluginError for none, and for any that is not on this machine itself."""
    return emulators.emulator(
        ENDPOINT_VARIABLE,
        f"This stand-in for the aws provider talks to an emulated account alone: {ENDPOINT_VARIABLE} must name it. "
        "For a real account, install the official plugin: pulumi plugin install resource aws",
    )
