"""The entry point `plugins`: emulated provider plugins, and the account that they connect to."""

from pathlib import Path

from boutique_offline import plugins
from boutique_offline.rehearsal.emulated_account import RehearsalAccount


class OfflinePlugins:
    """Implements dev.emulation.PluginSource."""

    def directory(self, plugin: str) -> Path:
        return Path(plugins.__file__).parent / plugin

    def account(self, directory: Path) -> RehearsalAccount:
        return RehearsalAccount(directory)
