"""The columns of the tables in `types`, which map the provider's types to operations of AWS.

Operations and their members are those of botocore. A property is sent as the member of the same name, regardless of
case, and responses are converted to the provider's spelling (`DBInstances` to `dbInstances`). A row has only what
differs.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from boutique_offline.plugins.aws.api import Api

Properties = Mapping[str, Any]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """An operation of AWS on a resource.

    Args:
        operation: Name of the operation.
        arguments: Members that are not properties: constants, or templates over properties such as "{id}".
        takes: Properties that are sent as the members of their names.
        takes_all: Whether it takes every property that has a member, except those that another update builds from.
        within: Member that contains the members of the properties, if they are not at the top level.
        build: Returns members that the API structures differently, from the new and the old properties.
        built: Properties that `build` uses.
        whole: Whether all properties that it takes are sent if one of them changes, not only the changed ones.
        when: Whether to call the operation, given the properties.
        result: JMESPath of the resource in the response, in the provider's spelling. May be a template.
    """

    operation: str
    arguments: Arguments = field(default_factory=dict)
    takes: tuple[str, ...] = ()
    takes_all: bool = False
    within: str | None = None
    build: Callable[[Properties, Properties], Arguments] | None = None
    built: tuple[str, ...] = ()
    whole: bool = False
    when: Callable[[Properties], bool] | None = None
    result: str = "@"


@dataclass(frozen=True)
class Waiter:
    """One of botocore's waiters."""

    name: str
    arguments: Arguments


@dataclass(frozen=True)
class Tagging:
    """How tags are set, removed and read.

    Args:
        add: Adds tags, or replaces all of them if there is no `remove`.
        remove: Removes tags.
        kind: EC2's name of the resource's type.
        read: Reads the tags, if the resource's own response lacks them.
        result: JMESPath of the tags in the response.
    """

    add: Call
    remove: Call | None
    kind: str = ""
    read: Call | None = None
    result: str = "tags"


def tagging(
    arguments: Arguments,
    add: str = "TagResource",
    remove: str = "UntagResource",
    read: str | None = None,
    *,
    result: str = "tags",
    kind: str = "",
) -> Tagging:
    """Returns the tagging by operations that take the same arguments."""
    reading = Call(read, arguments) if read else None
    return Tagging(Call(add, arguments), Call(remove, arguments), kind, reading, result)


@dataclass(frozen=True)
class ResourceType:
    """A row of the table.

    A change of a property that no operation in `updates` takes replaces the resource.

    Args:
        service: Service, as botocore names it.
        id: Template of the id, over properties and the response of `create`.
        create: Creates the resource. It takes every property that has a member.
        read: Reads the resource; together with `details` this is all of it.
        delete: Delete the resource, in this order. Changes of properties that only these take are recorded.
        copy: Creates the resource from another one, in place of `create`.
        updates: Change the resource, also after `create` for properties that it does not take.
        following: Called after `create` in any case.
        details: Read what `read` does not return.
        tagging: How the resource is tagged, if it can be.
        members: Names of the API's members that differ from those of properties, by dotted path.
        reads: Outputs that are computed from the response, by a JMESPath or a function.
        computed: Outputs that are computed by a template.
        defaults: Inputs that the provider adds.
        replaces: Properties, also nested ones by path, whose change replaces the resource in any case.
        settings: Properties that only the provider uses. Changes are recorded.
        secrets: Properties that are always secret.
        created: Waits until the resource is usable.
        deleted: Waits until the resource is gone.
        prepare: Asks AWS for inputs that programs may omit.
        empty: Makes the resource ready to be deleted.
        name: Property that gets a generated name if the program omits it.
        longest_name: Maximum length of that name.
        unique: Whether AWS rejects a second one, so that a replacement deletes the old one first.
        holds_data: Whether a replacement loses data.
    """

    service: str
    id: str
    create: Call
    read: Call
    delete: tuple[Call, ...] = ()
    copy: Call | None = None
    updates: tuple[Call, ...] = ()
    following: tuple[Call, ...] = ()
    details: tuple[Call, ...] = ()
    tagging: Tagging | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, str | Callable[[Properties], Any]] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    replaces: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    created: Waiter | None = None
    deleted: Waiter | None = None
    prepare: Callable[[Api, Properties], Awaitable[Properties]] | None = None
    empty: Callable[[Api, Properties], Awaitable[None]] | None = None
    name: str | None = None
    longest_name: int = 255
    unique: bool = False
    holds_data: bool = False
