"""How a type of the provider maps to operations of AWS: the words of the table in `types`.

Operations and their members are botocore's. A property goes to the member of the same name, whatever its case, and an
answer comes back in the provider's spelling (`DBInstances` as `dbInstances`); a row only says where the two differ.
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

    `given` are members that are no properties: constants, or templates such as "{id}" over the resource's properties.
    `takes` are the properties that go to the members of their names; `build` makes members of those that the API
    arranges otherwise, which `built` names, from the properties as they are to be and as they were. `whole` sends all
    that it takes when one has changed, else only the changed. It is made only `when` that holds of the properties.
    `answer` is where the resource is in the answer: a JMESPath in the provider's spelling, and a template as well.
    """

    operation: str
    given: Arguments = field(default_factory=dict)
    takes: tuple[str, ...] = ()
    build: Callable[[Properties, Properties], Arguments] | None = None
    built: tuple[str, ...] = ()
    whole: bool = False
    when: Callable[[Properties], bool] | None = None
    answer: str = "@"


@dataclass(frozen=True)
class Waiter:
    """One of botocore's waiters."""

    name: str
    given: Arguments


@dataclass(frozen=True)
class Tagging:
    """How tags are set, removed and read. Without `remove`, `add` sets all of them anew.

    `kind` is EC2's name of the resource's type. `read` is needed where the resource's own answer lacks tags, which are
    at the JMESPath `answer`.
    """

    add: Call
    remove: Call | None
    kind: str = ""
    read: Call | None = None
    answer: str = "tags"


@dataclass(frozen=True)
class ResourceType:
    """A row of the table.

    `id` is a template over the properties and what `create` answers; `copy` comes in its place for a resource that is
    made from another. They take every property that they have a member for; `following` come after in any case,
    `updates` where they take a property that it did not. Later, a changed property replaces the resource unless an
    update takes it and it is none of `replaces` (paths of nested ones too); changes of `settings` and of what `delete`
    takes are only recorded. `read` and `details` together answer the whole.

    `members` names the API's members of properties that are called otherwise there, nested ones by a dotted path.
    `reads` makes outputs of the answer, by JMESPath or a function; `computed` makes some by a template. `defaults` are
    inputs that the provider adds. `name` is the input that is drawn where the program leaves it out, of at most
    `longest_name` characters. `prepare` asks AWS for inputs that a program may leave to the provider, `empty` makes the
    resource ready to be deleted.

    `unique`: AWS takes no second one of it, so that a replacement deletes first. `holds_data`: what is in it is lost
    with it.
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
