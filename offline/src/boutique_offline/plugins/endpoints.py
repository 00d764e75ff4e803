"""The addresses that emulated plugins connect to. None of them is outside this machine."""

import ipaddress
import os
from urllib.parse import urlsplit

from boutique_offline.plugins.serving import PluginError


def emulator_endpoint(variable: str, provider: str) -> str:
    """Returns the address in an environment variable. Raises PluginError if it is not an address of this machine."""
    endpoint = os.environ.get(variable, "")
    if not endpoint:
        raise PluginError(
            f"The emulated {provider} plugin connects only to an emulator, and {variable} must have its address. "
            f"To use a real account, install the official plugin: pulumi plugin install resource {provider}"
        )
    parts = urlsplit(endpoint)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise PluginError(f"{variable}: must be an http address of this machine (127.0.0.1), not {endpoint!r}")
    return endpoint


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
