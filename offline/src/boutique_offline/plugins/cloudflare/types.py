"""The types and functions of the provider that are covered, as a table over Cloudflare's API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from boutique_offline.plugins.serving import PluginError

Properties = dict[str, Any]


@dataclass(frozen=True)
class ResourceType:
    """A row of the table. Paths are templates over properties; that of one resource has its id as well.

    `members` names the API's members, by the properties that they are made of; `computed` what the API adds to these.
    A change of `replaces` makes another resource, and `named_by` are those that are its id. `create` is the method by
    which one comes to be.
    """

    collection: str
    one: str
    members: Mapping[str, str]
    needed: tuple[str, ...]
    replaces: tuple[str, ...]
    named_by: tuple[str, ...] = ()
    computed: Mapping[str, str] = field(default_factory=dict)
    create: str = "POST"
    update: str = "PUT"
    deletes: bool = True


RESOURCES: Final[Mapping[str, ResourceType]] = {
    "cloudflare:index/dnsRecord:DnsRecord": ResourceType(
        collection="/zones/{zoneId}/dns_records",
        one="/zones/{zoneId}/dns_records/{id}",
        members={name: name for name in ("name", "type", "content", "ttl", "proxied", "comment")},
        needed=("zoneId", "name", "type", "ttl"),
        replaces=("zoneId",),
        computed={"createdOn": "created_on", "modifiedOn": "modified_on", "proxiable": "proxiable"},
    ),
    # A setting is always there: it is not made but set, and the official provider leaves it as it is at the end.
    "cloudflare:index/zoneSetting:ZoneSetting": ResourceType(
        collection="/zones/{zoneId}/settings/{settingId}",
        one="/zones/{zoneId}/settings/{settingId}",
        members={"value": "value"},
        needed=("zoneId", "settingId", "value"),
        replaces=("zoneId", "settingId"),
        named_by=("settingId",),
        computed={"editable": "editable", "modifiedOn": "modified_on"},
        create="PATCH",
        update="PATCH",
        deletes=False,
    ),
}


@dataclass(frozen=True)
class Function:
    """A question: its path as a template over arguments, and the API's members of the answer by its properties."""

    path: str
    takes: tuple[str, ...]
    answer: Mapping[str, str]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "cloudflare:index/getZone:getZone": Function(
        "/zones/{zoneId}", ("zoneId",), {name: name for name in ("id", "name", "status", "paused", "type", "account")}
    ),
    "cloudflare:index/getZoneSetting:getZoneSetting": Function(
        "/zones/{zoneId}/settings/{settingId}",
        ("zoneId", "settingId"),
        {name: name for name in ("id", "value", "editable")},
    ),
    "cloudflare:index/getIpRanges:getIpRanges": Function(
        "/ips", (), {"id": "etag", "etag": "etag", "ipv4Cidrs": "ipv4_cidrs", "ipv6Cidrs": "ipv6_cidrs"}
    ),
}


def find_resource(token: str) -> ResourceType:
    """Raises PluginError for a type that is not covered."""
    if token not in RESOURCES:
        raise PluginError(f"{token} is not covered by this stand-in plugin")
    return RESOURCES[token]


def find_function(token: str) -> Function:
    """Raises PluginError for a function that is not covered."""
    if token not in FUNCTIONS:
        raise PluginError(f"function {token} is not covered by this stand-in plugin")
    return FUNCTIONS[token]
