"""Creates, reads, changes and deletes resources of every type, by its row in the table."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jmespath

from boutique_offline.plugins.aws import conversion
from boutique_offline.plugins.aws.api import Api, ApiError
from boutique_offline.plugins.aws.calls import Caller, Properties, Resource, fill, names_in
from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.drift import drifted, merge
from boutique_offline.plugins.aws.table import Call, ResourceType
from boutique_offline.plugins.properties import UNKNOWN
from boutique_offline.plugins.provider import changed_names, not_covered
from boutique_offline.plugins.serving import PluginError

# The official provider records here which inputs have generated names.
_GENERATED: Final = "__defaults"
_SUFFIX_DIGITS: Final = 7


@dataclass(frozen=True)
class Comparison:
    """The changed properties. Those in `replacing` need another resource."""

    changed: list[str]
    replacing: list[str] = field(default_factory=list)
    delete_first: bool = False


@dataclass(frozen=True)
class Reading:
    """The present inputs and state of a resource."""

    inputs: Properties
    state: Properties


class IncompleteError(PluginError):
    """Raised for a resource that was created but could not be completed."""

    def __init__(self, reason: str, identifier: str, state: Properties) -> None:
        super().__init__(reason)
        self.identifier = identifier
        self.state = state


class Resources:
    """Works on plain values: unknown ones are `UNKNOWN`, and secrets are not marked."""

    def __init__(self, api: Api, account: str, default_tags: Mapping[str, str]) -> None:
        self._api = api
        self._scope = {"region": api.region, "account": account}
        self._caller = Caller(api)
        self._default_tags = default_tags
        self._preparing = asyncio.Lock()

    def check(self, resource: Resource, old: Properties, new: Properties, seed: bytes) -> Properties:
        """Returns the inputs with default tags and a generated name. Raises PluginError for what is not covered."""
        inputs = {**resource.type.defaults, **{name: value for name, value in new.items() if value is not None}}
        for name in inputs:
            self._check_covered(resource, name, inputs)
        kind = resource.type
        if kind.tagging and isinstance(inputs.get("tags", {}), Mapping):
            inputs["tags"] = {**self._default_tags, **inputs.get("tags", {})}
        if kind.name and kind.name not in inputs:
            inputs[kind.name] = old.get(kind.name) or _generate_name(resource, seed)
            inputs[_GENERATED] = [kind.name]
        return inputs

    def _check_covered(self, resource: Resource, name: str, inputs: Properties) -> None:
        kind = resource.type
        if name.startswith("__") or name in kind.settings or (name == "tags" and kind.tagging):
            return
        if name == "region":
            if inputs[name] != self._api.region:
                raise PluginError(f"{resource.token}: region {inputs[name]} is not the provider's, {self._api.region}")
            return
        calls = [call for call in (kind.create, kind.copy, *kind.updates, *kind.delete) if call]
        taking = next((call for call in calls if self._caller.takes(kind, call, name)), None)
        if taking is None and any(name in names_in(call.arguments) for call in kind.following):
            return
        if taking is None:
            raise not_covered(f"{resource.token}: property {name}")
        try:
            self._caller.check(kind, taking, name, inputs)
        except UncoveredError as uncovered:
            raise PluginError(f"{resource.token}: {uncovered}") from None

    def compare(self, resource: Resource, old: Properties, new: Properties) -> Comparison:
        """Compares the inputs before and after a change."""
        kind = resource.type
        changed = [name for name in changed_names(old, new) if name != _GENERATED]
        replacing = [name for name in changed if not self._can_change(kind, name)]
        replacing += [path for path in kind.replaces if "." in path and _at(old, path) != _at(new, path)]
        # With a name from the program, the replacement has the name of the old resource.
        named = kind.name is not None and _GENERATED not in old and old.get(kind.name) == new.get(kind.name)
        return Comparison(changed, replacing, delete_first=bool(replacing) and (kind.unique or named))

    def _can_change(self, kind: ResourceType, name: str) -> bool:
        if name in kind.replaces:
            return False
        recorded = name in kind.settings or any(name in (*call.takes, *call.built) for call in kind.delete)
        return name == "tags" or recorded or any(self._caller.takes(kind, call, name) for call in kind.updates)

    def preview(self, resource: Resource, inputs: Properties, old: Properties | None = None) -> Properties:
        """Returns the expected state of a new resource, or of one whose present state is `old`."""
        computed = old or dict.fromkeys([*resource.type.reads, *resource.type.computed, "arn"], UNKNOWN)
        return self._state(resource.type, inputs, computed)

    async def create(self, resource: Resource, inputs: Properties) -> tuple[str, Properties]:
        """Creates a resource and returns its id and state. Raises IncompleteError if it exists but is incomplete."""
        kind = resource.type
        create = self._caller.creates(kind, inputs)
        response = await self._call_to_create(kind, create, inputs)
        state = {**self._scope, **_found(response, kind), **inputs}
        identifier = fill(kind.id, state)
        state["id"] = identifier
        try:
            await self._complete(kind, create, inputs, state)
            live = await self._live(kind, state)
        except PluginError as error:
            raise IncompleteError(str(error), identifier, self._state(kind, inputs, state)) from error
        if live is None:
            raise PluginError("it was created and has disappeared")
        return identifier, self._state(kind, inputs, live)

    async def _call_to_create(self, kind: ResourceType, create: Call, inputs: Properties) -> Any:
        if kind.prepare is None:
            return await self._caller.call(kind, create, self._scope | inputs)
        # Two resources must not get the same free value.
        async with self._preparing:
            return await self._caller.call(
                kind, create, {**self._scope, **await kind.prepare(self._api, inputs), **inputs}
            )

    async def _complete(self, kind: ResourceType, create: Call, inputs: Properties, state: Properties) -> None:
        """Sets what `create` does not take, and waits until the resource is usable."""
        for call in kind.following:
            await self._caller.call_unless_gone(kind, call, state)
        await self._caller.wait(kind, kind.created, state)
        await self._apply(kind, {name for name in inputs if not self._caller.takes(kind, create, name)}, state, {})
        if inputs.get("tags") and not self._caller.tags_on_create(kind, create):
            await self._caller.tag(kind, inputs["tags"], state)

    async def read(self, resource: Resource, identifier: str, inputs: Properties, state: Properties) -> Reading | None:
        """Reads a resource. Returns None if it is gone."""
        live = await self._live(resource.type, state | {"id": identifier})
        if live is None:
            return None
        now = drifted(inputs, live)
        return Reading(now, self._state(resource.type, now, live))

    async def update(self, resource: Resource, old: Properties, new: Properties, state: Properties) -> Properties:
        """Applies the difference between the inputs and returns the new state."""
        kind = resource.type
        current = {name: value for name, value in state.items() if name not in old} | new
        await self._apply(kind, set(self.compare(resource, old, new).changed), current, old)
        await self._retag(kind, old.get("tags", {}), new.get("tags", {}), current)
        await self._caller.wait(kind, kind.created, current)
        live = await self._live(kind, current)
        if live is None:
            raise PluginError("it no longer exists; run `pulumi refresh`")
        return self._state(kind, new, live)

    async def _retag(self, kind: ResourceType, old: Properties, new: Properties, state: Properties) -> None:
        if kind.tagging is None or old == new:
            return
        if kind.tagging.remove is None:
            await self._caller.tag(kind, new, state)
            return
        if removed := sorted(old.keys() - new.keys()):
            await self._caller.untag(kind, kind.tagging.remove, removed, state)
        if added := {name: value for name, value in new.items() if old.get(name) != value}:
            await self._caller.tag(kind, added, state)

    async def delete(self, resource: Resource, identifier: str, state: Properties) -> None:
        """Deletes a resource. It is not an error if it is gone already."""
        kind = resource.type
        state = state | {"id": identifier}
        if kind.empty:
            await self._empty(kind.empty, state)
        for call in kind.delete:
            await self._caller.call_unless_gone(kind, call, state)
        await self._caller.wait(kind, kind.deleted, state)

    async def _empty(self, empty: Callable[[Api, Properties], Awaitable[None]], state: Properties) -> None:
        try:
            await empty(self._api, state)
        except ApiError as error:
            if not error.not_found:
                raise

    async def _apply(self, kind: ResourceType, names: set[str], state: Properties, old: Properties) -> None:
        for call in kind.updates:
            if hit := {name for name in names if self._caller.takes(kind, call, name)}:
                sent = None if call.whole else {name: state[name] for name in hit if name in state}
                await self._caller.call(kind, call, state, sent=sent, old=old)

    async def _live(self, kind: ResourceType, state: Properties) -> Properties | None:
        """Returns the state in AWS, or None if the resource is gone."""
        try:
            response = await self._caller.call(kind, kind.read, state)
            if response is None:
                return None
            found = state | _found(response, kind)
            for call in kind.details:
                found |= await self._caller.call(kind, call, found) or {}
            found |= {name: fill(template, found) for name, template in kind.computed.items()}
            if kind.tagging:
                read = kind.tagging.read
                tagged = await self._caller.call(kind, read, found) if read else response
                found["tags"] = conversion.tags_from_response(jmespath.search(kind.tagging.result, tagged))
        except ApiError as error:
            if error.not_found:
                return None
            raise
        return found

    def _state(self, kind: ResourceType, inputs: Properties, computed: Properties) -> Properties:
        state = {**computed, **{name: merge(value, computed.get(name)) for name, value in inputs.items()}}
        state["region"] = self._api.region
        if kind.tagging:
            state["tags"] = state["tagsAll"] = inputs.get("tags", {})
        return state


def _found(response: Any, kind: ResourceType) -> Properties:
    """Returns the resource's properties from a response."""
    if not isinstance(response, Mapping):
        return {}
    found: Properties = _renamed(
        response, "", {_by_member(path, member): path for path, member in kind.members.items()}
    )
    return found | {name: _read(how, response) for name, how in kind.reads.items()}


def _read(how: str | Callable[[Mapping[str, Any]], Any], response: Mapping[str, Any]) -> Any:
    return jmespath.search(how, response) if isinstance(how, str) else how(response)


def _at(properties: Mapping[str, Any], path: str) -> Any:
    """Returns the value at a dotted path, or None."""
    value: Any = properties
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _by_member(path: str, member: str) -> tuple[str, str]:
    return path.rpartition(".")[0], conversion.provider_name(member)


def _renamed(value: Any, path: str, properties: Mapping[tuple[str, str], str]) -> Any:
    match value:
        case Mapping():
            renamed = {}
            for name, item in value.items():
                known = properties.get((path, name), f"{path}.{name}".lstrip("."))
                renamed[known.rpartition(".")[2]] = _renamed(item, known, properties)
            return renamed
        case list():
            return [_renamed(item, path, properties) for item in value]
        case _:
            return value


def _generate_name(resource: Resource, seed: bytes) -> str:
    """Returns a unique name that depends only on the seed and the resource's name."""
    suffix = hashlib.sha256(seed + resource.name.encode()).hexdigest()[:_SUFFIX_DIGITS]
    return f"{resource.name[: resource.type.longest_name - _SUFFIX_DIGITS - 1]}-{suffix}"
