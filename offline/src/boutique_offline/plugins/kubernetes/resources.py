"""The life of a resource of the program as an object of the cluster: check, compare, create, read, update, delete."""

import asyncio
from dataclasses import dataclass

from boutique_offline.plugins.kubernetes import applying, awaiting
from boutique_offline.plugins.kubernetes.api import Api, ApiError, Object
from boutique_offline.plugins.kubernetes.awaiting import NotReadyError, Patience
from boutique_offline.plugins.kubernetes.comparing import Comparison, compare, replaced_for, replaced_unready
from boutique_offline.plugins.kubernetes.configuration import Configuration
from boutique_offline.plugins.kubernetes.diff import parse_property_path
from boutique_offline.plugins.kubernetes.discovery import Discovery, Kind, UnknownKindError
from boutique_offline.plugins.kubernetes.manifests import (
    REPLACE_UNREADY,
    SKIP_AWAIT,
    annotated,
    inputs_of_unmanaged,
    live_inputs,
    previewed,
    state,
    to_apply,
    with_secret_data,
    with_secrets,
    without_nulls,
)
from boutique_offline.plugins.kubernetes.naming import (
    AUTONAMED,
    describe,
    field_manager,
    kind_of_token,
    managed_by_a_program,
    object_id,
    split_id,
)
from boutique_offline.plugins.kubernetes.ownership import all_managers
from boutique_offline.plugins.kubernetes.readiness import is_ready
from boutique_offline.plugins.properties import Secret, Unknown, contains, reveal
from boutique_offline.plugins.serving import InitializationFailedError, PluginError


@dataclass(frozen=True)
class Resource:
    """Which resource of the program is meant."""

    urn: str
    token: str

    @property
    def manager(self) -> str:
        return field_manager(self.urn)


@dataclass(frozen=True)
class Recorded:
    """What the stack's state knows of a resource: the inputs it was made from, and the object that they made."""

    inputs: Object
    live: Object


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
            served = await self._find(reveal(inputs))
            metadata = metadata | ({"namespace": self.namespace} if served and served.namespaced else {})
        return with_secret_data(inputs | {"metadata": metadata})

    async def compare(self, resource: Resource, recorded: Recorded, new_inputs: Object) -> Comparison:
        """Asks the cluster only if something changed, and then only whether it may, or where readiness counts."""
        old, new = reveal(recorded.inputs), reveal(new_inputs)
        comparison = compare(old, reveal(recorded.live), new, self._configuration.mutable_kinds)
        if annotated(old, REPLACE_UNREADY) and await self._is_unready(reveal(recorded.live)):
            return replaced_unready(comparison, old, new)
        if not comparison.changes or comparison.replacing or contains(new, Unknown):
            return comparison
        kind = await self._find(new)
        if kind is None:
            return comparison
        immutable = await applying.immutable_fields(self._api, kind, to_apply(new), resource.manager)
        return replaced_for(comparison, old, new, immutable)

    async def create(self, resource: Resource, inputs: Object, patience: Patience) -> tuple[str, Object]:
        """Id and state of the new object once it is ready.

        Raises InitializationFailedError if it is there but does not become so.
        """
        plain = reveal(inputs)
        kind = await self.discovery.await_kind(plain["apiVersion"], plain["kind"])
        manifest = self._in_namespace(kind, to_apply(plain))
        existing = await self._find_live(kind, manifest)
        if existing and existing["metadata"].get("deletionTimestamp"):
            await awaiting.until_gone(self._cluster, kind, existing, patience)
            existing = None
        if existing and resource.manager not in all_managers(existing):
            raise PluginError(
                f"{describe(manifest)} exists already and is not of this stack; import it with `pulumi import`, or "
                "give this resource another name"
            )
        # One that exists and is this resource's own was left by a create that did not live to record it.
        live = await applying.apply(self._api, kind, manifest, resource.manager, force=existing is not None)
        return object_id(live), await self._await(kind, inputs, live, patience)

    async def preview_create(self, resource: Resource, inputs: Object) -> Object:
        """The state that a create would make. Raises PluginError if the cluster would refuse the object."""
        plain = reveal(inputs)
        kind = None if contains(plain, Unknown) else await self._find(plain)
        if kind is None:
            return inputs
        manifest = self._in_namespace(kind, to_apply(plain))
        existing = await self._find_live(kind, manifest)
        if existing and managed_by_a_program(all_managers(existing)):
            # Probably this very resource's own, which is to be replaced; a dry run would compare with it.
            return inputs
        if existing:
            raise PluginError(f"{describe(manifest)} exists already and is not of this stack")
        try:
            dry_run = await applying.apply(self._api, kind, manifest, resource.manager, dry_run=True)
        except applying.MissingNamespaceError:
            return inputs
        return previewed(inputs, dry_run)

    async def read(self, resource: Resource, identifier: str, recorded: Recorded) -> Recorded | None:
        """What the cluster has now, or nothing if the object is gone.

        Raises InitializationFailedError if the object is there and clearly will not become ready.
        """
        api_version, kind_name = kind_of_token(resource.token)
        plain = reveal(recorded.inputs)
        kind = await self._find({"apiVersion": api_version, "kind": kind_name} | plain)
        live = await applying.find(self._api, kind, *split_id(identifier)) if kind else None
        if kind is None or live is None:
            return None
        inputs = live_inputs(plain, reveal(recorded.live), live) if plain else inputs_of_unmanaged(live)
        inputs = with_secrets(inputs, recorded.inputs)
        now = Recorded(inputs, state(inputs, live))
        if error := await awaiting.failing(self._cluster, kind, live):
            raise InitializationFailedError(error.reasons, identifier, now.live, now.inputs)
        return now

    async def update(
        self, resource: Resource, recorded: Recorded, new_inputs: Object, ignored: list[str], patience: Patience
    ) -> Object:
        """The state of the changed object once it is ready. Raises as `create` does."""
        plain = reveal(new_inputs)
        kind = await self.discovery.await_kind(plain["apiVersion"], plain["kind"])
        live = await self._change(resource, kind, recorded, plain, ignored)
        return await self._await(kind, new_inputs, live, patience)

    async def preview_update(
        self, resource: Resource, recorded: Recorded, new_inputs: Object, ignored: list[str]
    ) -> Object:
        """The state that an update would make. Raises PluginError if the cluster would refuse it."""
        plain = reveal(new_inputs)
        kind = None if contains(plain, Unknown) else await self._find(plain)
        if kind is None:
            return new_inputs
        return state(new_inputs, await self._change(resource, kind, recorded, plain, ignored, dry_run=True))

    async def delete(self, resource: Resource, identifier: str, live: Object, patience: Patience) -> None:
        """Returns once the object is gone. One that is gone already is no error."""
        api_version, kind_name = kind_of_token(resource.token)
        kind = await self._find({"apiVersion": api_version, "kind": kind_name} | reveal(live))
        if kind is None:
            return
        try:
            deleted = await self._api.delete(kind.item(*split_id(identifier)), propagation="Foreground")
        except ApiError as error:
            if error.not_found:
                return
            raise
        # For an object that nothing holds the answer is a Status: it is gone at once.
        if deleted["kind"] == kind.name and not annotated(deleted, SKIP_AWAIT):
            await awaiting.until_gone(self._cluster, kind, deleted, patience)

    async def _change(
        self,
        resource: Resource,
        kind: Kind,
        recorded: Recorded,
        plain: Object,
        ignored: list[str],
        *,
        dry_run: bool = False,
    ) -> Object:
        manifest = self._in_namespace(kind, to_apply(plain))
        live = await self._find_live(kind, manifest)
        if live is None:
            return await applying.apply(self._api, kind, manifest, resource.manager, dry_run=dry_run)
        paths = [parse_property_path(path) for path in ignored]
        manifest = applying.without_fields_of_others(manifest, live, paths, resource.manager)
        # If the object is as recorded, the preview has shown all that the change overwrites, whoever set it.
        inputs = reveal(recorded.inputs)
        as_shown = live_inputs(inputs, reveal(recorded.live), live) == inputs
        return await applying.apply(self._api, kind, manifest, resource.manager, force=as_shown, dry_run=dry_run)

    async def _await(self, kind: Kind, inputs: Object, live: Object, patience: Patience) -> Object:
        try:
            return state(inputs, await awaiting.until_ready(self._cluster, kind, live, patience))
        except NotReadyError as error:
            reasons, live = error.reasons, error.live
        except PluginError as error:
            # The object is there, whatever became of watching it.
            reasons = [f"{describe(live)} could not be waited for: {error}"]
        raise InitializationFailedError(reasons, object_id(live), state(inputs, live), inputs)

    async def _is_unready(self, recorded: Object) -> bool:
        """Whether the object is there, and not ready at this moment."""
        kind = await self._find(recorded)
        live = await self._find_live(kind, recorded) if kind else None
        return kind is not None and live is not None and not is_ready(kind.group, kind.name, live)

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


def _named(metadata: Object, old_metadata: Object, proposed_name: str) -> Object:
    autonamed = AUTONAMED in (reveal(old_metadata).get("annotations") or {})
    name = old_metadata["name"] if autonamed else proposed_name
    if not name:
        raise PluginError("metadata.name is required: automatic naming is disabled")
    return metadata | {"name": name, "annotations": (metadata.get("annotations") or {}) | {AUTONAMED: "true"}}
