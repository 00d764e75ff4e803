"""The life of a resource of the program as an object of the cluster: check, compare, create, read, update, delete."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from local.plugins.kubernetes import applying, awaiting
from local.plugins.kubernetes.api import Api, ApiError, Object
from local.plugins.kubernetes.awaiting import DEFAULT_TIMEOUT_SECONDS, NotReadyError, Report
from local.plugins.kubernetes.configuration import Configuration
from local.plugins.kubernetes.diff import Change, Path, changes, parse_property_path
from local.plugins.kubernetes.discovery import Discovery, Kind, UnknownKindError
from local.plugins.kubernetes.manifests import (
    SKIP_AWAIT,
    annotated,
    inputs_of_unmanaged,
    live_inputs,
    previewed,
    state,
    to_apply,
    with_secrets,
    without_nulls,
)
from local.plugins.kubernetes.naming import (
    AUTONAMED,
    describe,
    field_manager,
    kind_of_token,
    object_id,
    split_id,
)
from local.plugins.properties import Secret, Unknown, contains, reveal
from local.plugins.serving import InitializationFailedError, PluginError

_IDENTITY: Final[list[Path]] = [("metadata", "name"), ("metadata", "namespace"), ("kind",), ("apiVersion",)]
_DATA: Final[list[Path]] = [("data",), ("binaryData",), ("stringData",), ("type",)]


@dataclass(frozen=True)
class Comparison:
    """What an update would change, and which of it needs a new object."""

    changes: dict[Path, Change]
    replacing: list[Path] = field(default_factory=list)
    delete_first: bool = False


@dataclass(frozen=True)
class Resource:
    """Which resource of the program is meant."""

    urn: str
    token: str
    name: str

    @property
    def manager(self) -> str:
        return field_manager(self.urn)


class Resources:
    """The resources of one configured provider. Objects are plain values with secrets and unknowns in them."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        cluster = configuration.cluster()
        self.namespace = configuration.namespace or cluster.namespace
        self._api = Api(cluster)
        self.discovery = Discovery(self._api)
        self._cluster = awaiting.Cluster(self._api, self.discovery, asyncio.Event())

    def interrupt(self) -> None:
        """Ends all waiting; what was being waited for is recorded as it is."""
        self._cluster.interrupted.set()

    async def kubernetes_version(self) -> str:
        return str((await self._api.get("/version"))["gitVersion"])

    async def namespaced(self, manifest: Object) -> bool:
        """Whether the manifest's kind has namespaces. One that the cluster does not serve yet is taken to have them."""
        kind = await self._find(manifest)
        return kind is None or kind.namespaced

    async def check(self, resource: Resource, old: Object, new: Object, proposed_name: str) -> Object:
        """Complete inputs: with a kind, a name and a namespace. A name that was made once is kept."""
        api_version, kind = kind_of_token(resource.token)
        inputs: Object = {"apiVersion": api_version, "kind": kind} | without_nulls(new)
        metadata = inputs.get("metadata") or {}
        metadata = metadata.value if isinstance(metadata, Secret) else metadata
        if isinstance(metadata, Unknown):
            return inputs
        if metadata.get("generateName"):
            raise PluginError("metadata.generateName is not covered; without metadata.name a name is made")
        if not metadata.get("name"):
            metadata = _named(metadata, old.get("metadata") or {}, proposed_name)
        if not metadata.get("namespace"):
            found = await self._find(reveal(inputs))
            metadata = metadata | ({"namespace": self.namespace} if found and found.namespaced else {})
        return inputs | {"metadata": metadata}

    async def compare(self, resource: Resource, old_inputs: Object, live: Object, new_inputs: Object) -> Comparison:
        """Asks the cluster only if something changed, and then only whether it may."""
        old, new = reveal(old_inputs), reveal(new_inputs)
        old = _with_namespace_of(live, old, new)
        found = changes(old, new)
        if not found:
            return Comparison({})
        replacing = [path for path in found if _starts_with_any(path, self._replaced_by_rule(new))]
        if not replacing and not contains(new, Unknown):
            kind = await self._find(new)
            refused = await applying.immutable_fields(self._api, kind, to_apply(new), resource.manager) if kind else []
            replacing = [path for path in found if _starts_with_any(path, refused)]
            # What is refused may follow from what was changed.
            replacing = replacing or (list(found) if refused else [])
        same_name = _identity(old) == _identity(new)
        autonamed = AUTONAMED in (new["metadata"].get("annotations") or {})
        return Comparison(found, replacing, delete_first=bool(replacing) and same_name and not autonamed)

    async def create(self, resource: Resource, inputs: Object, seconds: float, report: Report) -> tuple[str, Object]:
        """Id and state of the new object once it is ready.

        Raises InitializationFailedError if it is there but does not become so within `seconds` (0: the default).
        """
        plain = reveal(inputs)
        manifest = to_apply(plain)
        kind = await self.discovery.await_kind(manifest["apiVersion"], manifest["kind"])
        manifest = self._in_namespace(kind, manifest)
        existing = await self._find_live(kind, manifest)
        if existing and existing["metadata"].get("deletionTimestamp"):
            await awaiting.until_gone(self._cluster, kind, existing, seconds or DEFAULT_TIMEOUT_SECONDS, report)
            existing = None
        if existing and resource.manager not in _managers(existing):
            raise PluginError(
                f"{describe(manifest)} exists already and is not of this stack; import it with `pulumi import`, or "
                "give this resource another name"
            )
        try:
            live = await applying.apply(self._api, kind, manifest, resource.manager, force=existing is not None)
        except ApiError as error:
            raise applying.refusal(manifest, error) from None
        return await self._await(kind, plain, inputs, live, seconds, report)

    async def preview_create(self, resource: Resource, inputs: Object) -> Object:
        """The state that a create would make. Raises PluginError if the cluster would refuse the object."""
        if contains(inputs, Unknown):
            return inputs
        plain = reveal(inputs)
        manifest = to_apply(plain)
        kind = await self._find(manifest)
        if kind is None:
            return inputs
        manifest = self._in_namespace(kind, manifest)
        existing = await self._find_live(kind, manifest)
        if existing:
            # An object of this very resource is about to be replaced; only that of another is in the way.
            if any(manager.startswith("pulumi-kubernetes") for manager in _managers(existing)):
                return inputs
            raise PluginError(f"{describe(manifest)} exists already and is not of this stack")
        try:
            dry_run = await applying.apply(self._api, kind, manifest, resource.manager, dry_run=True)
        except ApiError as error:
            if applying.missing_namespace(error):
                return inputs
            raise applying.refusal(manifest, error) from None
        return previewed(plain, dry_run, inputs)

    async def read(
        self, resource: Resource, identifier: str, old_inputs: Object, old: Object
    ) -> tuple[Object, Object] | None:
        """Inputs and state as the cluster has them now, or nothing if the object is gone.

        Raises InitializationFailedError if the object is there and clearly will not become ready.
        """
        api_version, kind_name = kind_of_token(resource.token)
        kind = await self._find({"apiVersion": api_version, "kind": kind_name} | reveal(old_inputs))
        live = await applying.find(self._api, kind, *split_id(identifier)) if kind else None
        if kind is None or live is None:
            return None
        plain = reveal(old_inputs)
        inputs = live_inputs(plain, reveal(old), live) if plain else inputs_of_unmanaged(live)
        new_state = state(inputs, live, old_inputs)
        if error := await awaiting.failing(self._cluster, kind, live):
            marked = with_secrets(inputs, old_inputs)
            raise InitializationFailedError(error.reasons, identifier, new_state, marked)
        return with_secrets(inputs, old_inputs), new_state

    async def update(
        self,
        resource: Resource,
        old_inputs: Object,
        old: Object,
        new_inputs: Object,
        ignored: list[str],
        seconds: float,
        report: Report,
    ) -> Object:
        """The state of the changed object once it is ready. Raises as `create` does."""
        plain = reveal(new_inputs)
        kind = await self.discovery.await_kind(plain["apiVersion"], plain["kind"])
        live = await self._apply_change(resource, kind, old_inputs, old, plain, ignored, dry_run=False)
        _, new_state = await self._await(kind, plain, new_inputs, live, seconds, report)
        return new_state

    async def preview_update(
        self, resource: Resource, old_inputs: Object, old: Object, new_inputs: Object, ignored: list[str]
    ) -> Object:
        """The state that an update would make. Raises PluginError if the cluster would refuse it."""
        kind = None if contains(new_inputs, Unknown) else await self._find(reveal(new_inputs))
        if kind is None:
            return new_inputs
        plain = reveal(new_inputs)
        dry_run = await self._apply_change(resource, kind, old_inputs, old, plain, ignored, dry_run=True)
        return state(plain, dry_run, new_inputs)

    async def delete(
        self, identifier: str, state_of_resource: Object, token: str, seconds: float, report: Report
    ) -> None:
        """Returns once the object is gone. One that is gone already is no error."""
        old = reveal(state_of_resource)
        api_version, kind_name = kind_of_token(token)
        kind = await self._find({"apiVersion": api_version, "kind": kind_name} | old)
        if kind is None:
            return
        namespace, name = split_id(identifier)
        try:
            deleted = await self._api.delete(kind.item(namespace, name), propagation="Foreground")
        except ApiError as error:
            if error.not_found:
                return
            raise applying.refusal(old, error) from None
        # An object that nothing holds is gone at once, and the answer is a Status, not the object.
        if deleted.get("kind") != kind.name or annotated(deleted, SKIP_AWAIT):
            return
        await awaiting.until_gone(self._cluster, kind, deleted, seconds or DEFAULT_TIMEOUT_SECONDS, report)

    async def _apply_change(
        self,
        resource: Resource,
        kind: Kind,
        old_inputs: Object,
        old: Object,
        plain: Object,
        ignored: list[str],
        *,
        dry_run: bool,
    ) -> Object:
        manifest = self._in_namespace(kind, to_apply(plain))
        live = await self._find_live(kind, manifest)
        if live is not None:
            paths = [parse_property_path(path) for path in ignored]
            manifest = applying.without_fields_of_others(manifest, live, paths, resource.manager)
        recorded = reveal(old_inputs)
        # What the state knows of the live object is what the preview compared with: to overwrite that is what was asked.
        known = live is None or live_inputs(recorded, reveal(old), live) == recorded
        try:
            return await applying.apply(self._api, kind, manifest, resource.manager, force=known, dry_run=dry_run)
        except ApiError as error:
            raise applying.refusal(manifest, error) from None

    async def _await(
        self, kind: Kind, plain: Object, inputs: Object, live: Object, seconds: float, report: Report
    ) -> tuple[str, Object]:
        identifier = object_id(live)
        try:
            live = await awaiting.until_ready(self._cluster, kind, live, seconds or DEFAULT_TIMEOUT_SECONDS, report)
        except NotReadyError as error:
            raise InitializationFailedError(
                error.reasons, identifier, state(plain, error.live, inputs), inputs
            ) from None
        return identifier, state(plain, live, inputs)

    async def _find(self, manifest: Object) -> Kind | None:
        try:
            return await self.discovery.find(manifest["apiVersion"], manifest["kind"])
        except UnknownKindError:
            return None

    async def _find_live(self, kind: Kind, manifest: Object) -> Object | None:
        metadata = manifest["metadata"]
        return await applying.find(self._api, kind, metadata.get("namespace"), metadata["name"])

    def _in_namespace(self, kind: Kind, manifest: Object) -> Object:
        """The manifest with the namespace that it could not be given before its kind was known."""
        if not kind.namespaced or manifest["metadata"].get("namespace"):
            return manifest
        return manifest | {"metadata": manifest["metadata"] | {"namespace": self.namespace}}

    def _replaced_by_rule(self, manifest: Object) -> list[Path]:
        """What is replaced though the cluster would change it, as in the official plugin.

        Pods do not notice that a ConfigMap changes, but they do notice that they are given another one.
        """
        by_data = manifest["apiVersion"] == "v1" and manifest["kind"] in {"ConfigMap", "Secret"}
        return _IDENTITY + (_DATA if by_data and manifest["kind"] not in self._configuration.mutable_kinds else [])


def _named(metadata: Object, old_metadata: Object, proposed_name: str) -> Object:
    annotations = reveal(old_metadata.get("annotations") or {})
    name = old_metadata["name"] if AUTONAMED in annotations else proposed_name
    if not name:
        raise PluginError("metadata.name is required: automatic naming is disabled")
    return metadata | {"name": name, "annotations": (metadata.get("annotations") or {}) | {AUTONAMED: "true"}}


def _with_namespace_of(live: Object, old: Object, new: Object) -> Object:
    """Old inputs that named no namespace, with the one that the object got, if that is also the new one."""
    namespace = live.get("metadata", {}).get("namespace")
    if old["metadata"].get("namespace") or new["metadata"].get("namespace") != namespace or not namespace:
        return old
    return old | {"metadata": old["metadata"] | {"namespace": namespace}}


def _identity(manifest: Object) -> tuple[str | None, str | None]:
    return manifest["metadata"].get("namespace"), manifest["metadata"].get("name")


def _managers(manifest: Object) -> set[str]:
    return {entry["manager"] for entry in manifest["metadata"].get("managedFields") or []}


def _starts_with_any(path: Path, prefixes: list[Path]) -> bool:
    return any(path[: len(prefix)] == prefix for prefix in prefixes)
