"""The only addresses that stand-ins for clouds ever talk to."""

import ipaddress
import os
from urllib.parse import urlsplit

from boutique_offline.plugins.serving import PluginError


def emulator(variable: str, missing: str) -> str:
    """What the variable names. Raises PluginError for none, with `missing`, and for any that is not on this machine."""
    endpoint = os.environ.get(variable, "")
    if not endpoint:
        raise PluginError(missing)
    parts = urlsplit(endpoint)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise PluginError(f"{variable}: must be an http address of this machine (127.0.0.1), not {endpoint!r}")
    return endpoint


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
