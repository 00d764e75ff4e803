# ruff: noqa: E402 - the modules come after the package that they are in
"""The parts of Cloudflare's SDK that the program uses.

The package loads all of its hundreds of resources when it is imported: 4.0 s of CPU time, in every preview. Registering
it first without running its `__init__` lets Python import single modules from it, which takes 2.1 s.
"""

import importlib.util
import sys

_PACKAGE = "pulumi_cloudflare"

if _PACKAGE not in sys.modules:
    _spec = importlib.util.find_spec(_PACKAGE)
    if _spec is None:
        raise ModuleNotFoundError(_PACKAGE)
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(_spec)

from pulumi_cloudflare.dns_record import DnsRecord
from pulumi_cloudflare.get_ip_ranges import get_ip_ranges
from pulumi_cloudflare.get_zone import get_zone
from pulumi_cloudflare.get_zone_setting import get_zone_setting
from pulumi_cloudflare.provider import Provider
from pulumi_cloudflare.zone_setting import ZoneSetting

__all__ = ["DnsRecord", "Provider", "ZoneSetting", "get_ip_ranges", "get_zone", "get_zone_setting"]
