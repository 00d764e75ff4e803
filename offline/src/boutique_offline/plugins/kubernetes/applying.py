"""Server-side apply: creating, changing and trying out objects, and what its refusals mean."""

import re
from collections.abc import Iterable
from typing import Final

from boutique_offline.plugins.kubernetes.api import Api, ApiError, Object
from boutique_offline.plugins.kubernetes.diff import Path
from boutique_offline.plugins.kubernetes.discovery import Kind
from boutique_offline.plugins.kubernetes.manifests import PATCH_FORCE, annotated
from boutique_offline.plugins.kubernetes.naming import describe
from boutique_offline.plugins.kubernetes.ownership import managers
from boutique_offline.plugins.serving import PluginError

# How the API's validation says that a valid value may not follow the one that is there. The API has no flag for it.
_IMMUTABLE: Final = re.compile(
    r"immutable|may not (be )?change|cannot (be )?change|updates to .*(is|are) forbidden|may not update", re.IGNORECASE
)


class RefusedError(PluginError):
    """The API refuses the object, in its own words."""

    def __init__(self, manifest: Object, error: ApiError) -> None:
        causes = [f"\n  {cause.field}: {cause.message}" for cause in error.causes if cause.field]
        super().__init__(f"the API server refuses {describe(manifest)}:{''.join(causes) or f' {error}'}")
        self.immutable = [
            _path(cause.field) for cause in error.causes if error.invalid and _IMMUTABLE.search(cause.message)
        ]


class MissingNamespaceError(RefusedError):
    """The object's namespace does not exist."""


class ConflictError(PluginError):
    """Fields of the manifest belong to others, who set them to something else."""

    def __init__(self, manifest: Object, error: ApiError) -> None:
        fields = "\n".join(f"  {cause.field.lstrip('.')}: {cause.message}" for cause in error.conflicts)
        super().__init__(
            f"{describe(manifest)} has fields that someone else has set since Pulumi last looked:\n{fields}\n"
            f"`pulumi refresh` shows what they are now, and the next update sets them back; to leave them to others, "
            f'ignore their changes in the program; to always take them, annotate the object with {PATCH_FORCE}: "true"'
        )


async def apply(
    api: Api, kind: Kind, manifest: Object, manager: str, *, force: bool = False, dry_run: bool = False
) -> Object:
    """The object as the API makes it of the manifest. Unknown fields are refused, not dropped.

    Raises ConflictError, MissingNamespaceError or RefusedError.
    """
    metadata = manifest["metadata"]
    options = {
        "fieldManager": manager,
        "fieldValidation": "Strict",
        "force": "true" if force or annotated(manifest, PATCH_FORCE) else "false",
    }
    if dry_run:
        options["dryRun"] = "All"
    try:
        return await api.apply(kind.item(metadata.get("namespace"), metadata["name"]), manifest, **options)
    except ApiError as error:
        if error.conflicts:
            raise ConflictError(manifest, error) from None
        if error.not_found and error.details.get("kind") == "namespaces":
            raise MissingNamespaceError(manifest, error) from None
        raise RefusedError(manifest, error) from None


async def find(api: Api, kind: Kind, namespace: str | None, name: str) -> Object | None:
    """The object as it is, or nothing."""
    try:
        return await api.get(kind.item(namespace, name))
    except ApiError as error:
        if error.not_found:
            return None
        raise


async def immutable_fields(api: Api, kind: Kind, manifest: Object, manager: str) -> list[Path]:
    """The fields of the manifest that the API refuses to change on the object that exists; found by trying it out."""
    try:
        await apply(api, kind, manifest, manager, force=True, dry_run=True)
    except RefusedError as error:
        return error.immutable
    return []


def without_fields_of_others(manifest: Object, live: Object, paths: Iterable[Path], manager: str) -> Object:
    """The manifest without those of the fields at `paths` that others own and `manager` does not.

    To apply such a field would be to take it; to drop one that `manager` owns would be to remove it.
    """
    for path in paths:
        owners = managers(live, path)
        if owners and manager not in owners:
            manifest = _without(manifest, path)
    return manifest


def _without(value: Object, path: Path) -> Object:
    step, rest = path[0], path[1:]
    if not isinstance(step, str) or step not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != step}
    inner = value[step]
    return value | {step: _without(inner, rest)} if isinstance(inner, dict) else value


def _path(field: str) -> Path:
    """A field as validation names it, such as `spec.ports[0].port` or `metadata.labels[a.b/c]`."""
    steps = re.findall(r"\[([^\]]*)\]|([^.\[\]]+)", field)
    return tuple(int(key) if key.isdigit() else key or name for key, name in steps)
