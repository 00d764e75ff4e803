"""The tools that the local environment runs, at the versions that `versions.toml` pins.

Each is looked for in this order: on PATH, the official download, a build from source modules.
`BOUTIQUE_TOOLS=path|download|build` leaves only that one way.
"""

from dev.toolchain.toolbox import Tool, Toolbox, ensure, identity, official_plugins_unreachable, outlook, unavailable

__all__ = ["Tool", "Toolbox", "ensure", "identity", "official_plugins_unreachable", "outlook", "unavailable"]
