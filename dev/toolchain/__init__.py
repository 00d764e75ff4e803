"""The tools that this machine needs, at the versions that `versions.toml` pins.

A tool is taken from PATH, else from the official download, else built from source.
`BOUTIQUE_TOOLS=path|download|build` allows only one of these ways.
"""

from dev.toolchain.plugins import ensure_kubernetes_plugin, official_plugins_unreachable, pulumi_home
from dev.toolchain.toolbox import Tool, Toolbox, ensure, identity, outlook, unavailable

__all__ = [
    "Tool",
    "Toolbox",
    "ensure",
    "ensure_kubernetes_plugin",
    "identity",
    "official_plugins_unreachable",
    "outlook",
    "pulumi_home",
    "unavailable",
]
