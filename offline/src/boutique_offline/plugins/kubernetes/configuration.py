"""The settings of a `kubernetes.Provider`: what is covered, and when a change means another cluster."""

from dataclasses import dataclass
from typing import Any, Final

from boutique_offline.plugins.kubernetes.kubeconfig import Cluster, load
from boutique_offline.plugins.properties import UNKNOWN, reveal
from boutique_offline.plugins.serving import PluginError

_COVERED: Final = {
    "kubeconfig",
    "context",
    "namespace",
    "clusterIdentifier",
    "enableServerSideApply",
    "enableConfigMapMutable",
    "enableSecretMutable",
    # The stand-in gives neither of these warnings.
    "suppressDeprecationWarnings",
    "suppressHelmHookWarnings",
    # Of the package, not of the provider.
    "version",
    "pluginDownloadURL",
}


@dataclass(frozen=True)
class Configuration:
    """Checked settings of a provider."""

    kubeconfig: str | None
    context: str | None
    namespace: str | None
    mutable_kinds: frozenset[str]
    """Of ConfigMap and Secret those whose data is changed in place; that of the others is replaced, with a new name."""

    def cluster(self) -> Cluster:
        return load(self.kubeconfig, self.context)


def read(properties: dict[str, Any]) -> Configuration:
    """Raises PluginError with the setting's name if it is not covered or not of the type it must be."""
    # What is not known yet, as the kubeconfig of a cluster that a preview would make, is checked when it is.
    settings = {name: value for name, value in reveal(properties).items() if value not in (None, UNKNOWN)}
    if unknown := sorted(settings.keys() - _COVERED):
        raise PluginError(f"kubernetes provider setting {unknown[0]!r} is not covered by this stand-in plugin")
    if not _flag(settings, "enableServerSideApply", default=True):
        raise PluginError("kubernetes provider setting 'enableServerSideApply' must be true for this stand-in plugin")
    mutable = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}
    return Configuration(
        kubeconfig=_text(settings, "kubeconfig"),
        context=_text(settings, "context"),
        namespace=_text(settings, "namespace"),
        mutable_kinds=frozenset(kind for kind, name in mutable.items() if _flag(settings, name, default=False)),
    )


def another_cluster(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The settings by whose change the provider speaks of another cluster, so that everything in it is replaced.

    With a cluster identifier it alone decides. Without, the server's address does: a renewed credential or a kubeconfig
    at another path is the same cluster.
    """
    old, new = reveal(old), reveal(new)
    identifiers = old.get("clusterIdentifier"), new.get("clusterIdentifier")
    if any(identifiers):
        return ["clusterIdentifier"] if all(identifiers) and identifiers[0] != identifiers[1] else []
    if UNKNOWN in (new.get("kubeconfig"), new.get("context")):
        return []
    try:
        servers = [read(settings).cluster().server for settings in (old, new)]
    except PluginError:
        # The old kubeconfig may be gone; without it there is no telling, and replacing everything is the worse guess.
        return []
    return ["kubeconfig"] if servers[0] != servers[1] else []


def _text(settings: dict[str, Any], name: str) -> str | None:
    value = settings.get(name)
    if value is not None and not isinstance(value, str):
        raise PluginError(f"kubernetes provider setting {name!r} must be a string")
    return value or None


def _flag(settings: dict[str, Any], name: str, *, default: bool) -> bool:
    # The SDK sends booleans of a provider as JSON text.
    value = settings.get(name, default)
    if value not in (True, False, "true", "false"):
        raise PluginError(f"kubernetes provider setting {name!r} must be a boolean")
    return value in (True, "true")
