"""Makes the calls of the table: converts properties to members of operations, and responses to properties."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, cast

import jmespath
from botocore.model import Shape, StructureShape

from boutique_offline.plugins.aws import conversion
from boutique_offline.plugins.aws.api import Api, ApiError
from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Call, ResourceType, Waiter
from boutique_offline.plugins.properties import Unknown, contains
from boutique_offline.plugins.serving import PluginError

Properties = dict[str, Any]

_TEMPLATE: Final = re.compile(r"\{(\w+)\}")
_TAGS: Final = ("tags", "tagsset", "taglist", "tagkeys")


@dataclass(frozen=True)
class Resource:
    """A resource of a program, as it is named in messages."""

    token: str
    type: ResourceType
    name: str

    def __str__(self) -> str:
        return f"{self.token} {self.name}"


class Caller:
    """Makes calls on resources. Raises ApiError if AWS rejects one."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def creates(self, kind: ResourceType, inputs: Mapping[str, Any]) -> Call:
        """Returns the operation that creates a resource with these inputs."""
        return kind.copy if kind.copy and kind.copy.when and kind.copy.when(inputs) else kind.create

    def takes(self, kind: ResourceType, call: Call, name: str) -> bool:
        """Returns whether the call takes the property."""
        if name in call.built or name in call.takes:
            return True
        identifies = name in names_in(call.arguments)
        if call.takes_all and (identifies or any(name in other.built for other in kind.updates)):
            return False
        if call is not kind.create and call is not kind.copy and not call.takes_all:
            return False
        member = conversion.member_of(self._properties(kind, call), name, kind.members)
        return identifies or (member is not None and member not in call.arguments)

    def check(self, kind: ResourceType, call: Call, name: str, inputs: Mapping[str, Any]) -> None:
        """Raises UncoveredError if the input contains a property that the call has no member for."""
        if name in call.built:
            if call.build and not contains(dict(inputs), Unknown):
                call.build(inputs, {})
        elif name not in names_in(call.arguments):
            self._argument(kind, call, name, inputs[name])

    def tags_on_create(self, kind: ResourceType, create: Call) -> bool:
        """Returns whether the operation that creates the resource also takes tags."""
        return kind.tagging is not None and self._tags_member(kind, create) is not None

    async def call(
        self,
        kind: ResourceType,
        call: Call,
        state: Mapping[str, Any],
        *,
        sent: Mapping[str, Any] | None = None,
        old: Mapping[str, Any] = MappingProxyType({}),
    ) -> Any:
        """Calls the operation and returns the resource from its response.

        Args:
            kind: Type of the resource.
            call: The operation.
            state: Properties of the resource, which templates use.
            sent: Properties to send, if not all of the state.
            old: Properties before the change.
        """
        if call.when and not call.when(state):
            return None
        arguments = {}
        for name, value in (state if sent is None else sent).items():
            # The provider treats an empty list as absent; AWS often rejects it on creation.
            unset = value is None or (value == [] and call in (kind.create, kind.copy))
            if not unset and self._is_sent(kind, call, name):
                member, argument = self._argument(kind, call, name, value)
                arguments[member] = argument
        if call.within:
            arguments = {call.within: arguments}
        if call.build:
            arguments |= call.build(state, old)
        arguments |= fill(call.arguments, state)
        if call in (kind.create, kind.copy) and state.get("tags"):
            arguments |= self._tags_argument(kind, call, state["tags"])
        return await self._send(kind, call, arguments, state)

    def _is_sent(self, kind: ResourceType, call: Call, name: str) -> bool:
        hidden = name in {"tags", "tagsAll"} or name.startswith("__")
        return (
            not hidden
            and name not in call.built
            and name not in names_in(call.arguments)
            and self.takes(kind, call, name)
        )

    async def tag(self, kind: ResourceType, tags: Mapping[str, str], state: Mapping[str, Any]) -> None:
        """Adds tags to the resource. Does nothing for a type without tags."""
        if kind.tagging is None:
            return
        call = kind.tagging.add
        if call.build:
            await self._send(kind, call, fill(call.arguments, state) | call.build({"tags": tags}, {}), state)
            return
        member, shape = self._tags_of(kind, call)
        await self._send(kind, call, fill(call.arguments, state) | {member: conversion.tags_to_api(tags, shape)}, state)

    async def untag(self, kind: ResourceType, call: Call, keys: list[str], state: Mapping[str, Any]) -> None:
        """Removes tags from the resource by `call`."""
        member, shape = self._tags_of(kind, call)
        await self._send(
            kind, call, fill(call.arguments, state) | {member: conversion.tag_keys_to_api(keys, shape)}, state
        )

    def _tags_of(self, kind: ResourceType, call: Call) -> tuple[str, Shape]:
        shape = self._input(kind, call)
        member = next(name for name in shape.members if name.lower() in _TAGS)
        return member, shape.members[member]

    async def call_unless_gone(self, kind: ResourceType, call: Call, state: Mapping[str, Any]) -> None:
        """Calls the operation. Does nothing if AWS reports that the resource does not exist."""
        try:
            await self.call(kind, call, state)
        except ApiError as error:
            if not error.not_found:
                raise

    async def wait(self, kind: ResourceType, waiter: Waiter | None, state: Mapping[str, Any]) -> None:
        """Waits for the resource, or returns at once if there is no waiter."""
        if waiter:
            await self._api.wait(kind.service, waiter.name, fill(waiter.arguments, state))

    async def _send(
        self, kind: ResourceType, call: Call, arguments: Mapping[str, Any], state: Mapping[str, Any]
    ) -> Any:
        response = await self._api.call(kind.service, call.operation, arguments)
        shape = self._api.output(kind.service, call.operation)
        return jmespath.search(fill(call.result, state), conversion.from_api(response, shape))

    def _argument(self, kind: ResourceType, call: Call, name: str, value: Any) -> tuple[str, Any]:
        shape = self._properties(kind, call)
        member = conversion.member_of(shape, name, kind.members)
        if member is None:
            raise UncoveredError(name)
        return member, conversion.to_api(value, shape.members[member], name, kind.members)

    def _tags_argument(self, kind: ResourceType, create: Call, tags: Mapping[str, str]) -> Properties:
        member = self._tags_member(kind, create)
        if kind.tagging is None or member is None:
            return {}
        shape = self._input(kind, create).members[member]
        if member == "TagSpecifications":
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            return {member: [{"ResourceType": kind.tagging.kind, "Tags": pairs}]}
        return {member: conversion.tags_to_api(tags, shape)}

    def _tags_member(self, kind: ResourceType, call: Call) -> str | None:
        members = self._input(kind, call).members
        return next((name for name in members if name.lower() in _TAGS or name == "TagSpecifications"), None)

    def _properties(self, kind: ResourceType, call: Call) -> StructureShape:
        """Returns the structure that contains the members of the properties."""
        shape = self._input(kind, call)
        return cast(StructureShape, shape.members[call.within]) if call.within else shape

    def _input(self, kind: ResourceType, call: Call) -> StructureShape:
        return self._api.input(kind.service, call.operation)


def fill(template: Any, state: Mapping[str, Any]) -> Any:
    """Returns the template with the state's properties filled in. Raises PluginError if one is missing."""
    match template:
        case str():
            if whole := _TEMPLATE.fullmatch(template):
                return _property(state, whole[1])
            return _TEMPLATE.sub(lambda found: str(_property(state, found[1])), template)
        case Mapping():
            return {name: fill(value, state) for name, value in template.items()}
        case list():
            return [fill(value, state) for value in template]
        case _:
            return template


def names_in(template: Any) -> set[str]:
    """Returns the names of the properties in a template."""
    match template:
        case str():
            return set(_TEMPLATE.findall(template))
        case Mapping():
            return {name for value in template.values() for name in names_in(value)}
        case list():
            return {name for value in template for name in names_in(value)}
        case _:
            return set()


def _property(state: Mapping[str, Any], name: str) -> Any:
    if state.get(name) is None:
        raise PluginError(f"its {name} is not known, so it cannot be looked up")
    return state[name]
