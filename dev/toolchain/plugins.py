"""Pulumi's provider plugins."""

from pathlib import Path

from dev.directories import cache_directory
from dev.progress import Progress
from dev.toolchain.download import unreachable
from dev.toolchain.toolbox import ensure

_RELEASES = "https://github.com/pulumi/pulumi-kubernetes/releases"
_TOOL, _PROGRAM = "pulumi-kubernetes", "pulumi-resource-kubernetes"


def pulumi_home() -> Path:
    """Returns the directory in which Pulumi keeps plugins. It is PULUMI_HOME for every command."""
    return cache_directory() / "pulumi"


def official_plugins_unreachable() -> str | None:
    """Returns why Pulumi cannot download its provider plugins; None if it can."""
    return unreachable([_RELEASES])


def ensure_kubernetes_plugin(progress: Progress) -> None:
    """Installs Pulumi's Kubernetes plugin, unless Pulumi can download it by itself."""
    if official_plugins_unreachable() is None:
        return
    toolbox = ensure([_TOOL], progress)
    # Pulumi warns of a plugin that it finds on PATH, but not of one that is installed like a download.
    installed = pulumi_home() / "plugins" / f"resource-kubernetes-v{toolbox.tools[_TOOL].version}" / _PROGRAM
    if not installed.exists():
        installed.parent.mkdir(parents=True, exist_ok=True)
        installed.unlink(missing_ok=True)
        installed.symlink_to(toolbox.command(_TOOL, _PROGRAM))
