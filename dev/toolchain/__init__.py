"""The tools that the local environment runs, at the versions that `versions.toml` pins.

Each is looked for in this order: on PATH, the official download, a build from source modules.
`BOUTIQUE_TOOLS=path|download|build` leaves only that one way.
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
