"""Names: of objects that the program does not name, of their ids in the state, of their owner in the cluster."""

import hashlib
from typing import Final

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.serving import PluginError

AUTONAMED: Final = "pulumi.com/autonamed"
_MANAGER: Final = "pulumi-kubernetes"
_LONGEST_NAME: Final = 63
_SUFFIX_DIGITS: Final = 8


def kind_of_token(token: str) -> tuple[str, str]:
    """API version and kind of a resource type such as `kubernetes:apps/v1:Deployment`.

    Raises PluginError for the package's other resources, which are not objects of the API.
    """
    _, module, kind = token.split(":")
    group, _, version = module.partition("/")
    if group in ("helm.sh", "yaml", "kustomize") or kind.endswith(("Patch", "List")):
        raise PluginError(f"{token} is not covered by this stand-in plugin")
    return (version if group == "core" else module), kind


def token_of_kind(api_version: str, kind: str) -> str:
    """The inverse of `kind_of_token`."""
    module = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{module}:{kind}"


def automatic_name(resource_name: str, seed: bytes) -> str:
    """A name of its own for an object that the program does not name; the same for the same seed."""
    suffix = hashlib.sha256(seed + resource_name.encode()).hexdigest()[:_SUFFIX_DIGITS]
    stem = resource_name[: _LONGEST_NAME - _SUFFIX_DIGITS - 1].rstrip("-.")
    return f"{stem}-{suffix}"


def field_manager(urn: str) -> str:
    """Who owns the fields that a resource of the program sets.

    It follows from the resource's URN, so that an object left by an interrupted create is known as this resource's own.
    """
    return f"{_MANAGER}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def managed_by_a_program(managers: set[str]) -> bool:
    """Whether one of them is a resource of a Pulumi program."""
    return any(manager.startswith(_MANAGER) for manager in managers)


def object_id(manifest: Object) -> str:
    """`namespace/name`, or `name` where there is no namespace."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def split_id(identifier: str) -> tuple[str | None, str]:
    """Namespace and name of an `object_id`."""
    namespace, _, name = identifier.rpartition("/")
    return namespace or None, name


def describe(manifest: Object) -> str:
    """The object as messages name it, such as `Deployment shop/cart`."""
    return f"{manifest.get('kind')} {object_id(manifest)}"
