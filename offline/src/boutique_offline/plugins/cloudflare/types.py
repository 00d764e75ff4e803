"""The types and functions that are covered, as tables over Cloudflare's API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Properties = dict[str, Any]


@dataclass(frozen=True)
class ResourceType:
    """A row of the table.

    Args:
        collection: Path of all resources, a template over properties.
        one: Path of one resource, a template over properties and its id.
        members: Members of the API, by property.
        required: Properties that a program must set.
        replaces: Properties whose change needs another resource.
        named_by: Properties that equal the id.
        computed: Members that the API adds, by property.
        create: Method of the request that creates a resource.
        update: Method of the request that changes it.
        deletes: Whether a delete does anything.
    """

    collection: str
    one: str
    members: Mapping[str, str]
    required: tuple[str, ...]
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
        required=("zoneId", "name", "type", "ttl"),
        replaces=("zoneId",),
        computed={"createdOn": "created_on", "modifiedOn": "modified_on", "proxiable": "proxiable"},
    ),
    # A setting always exists. Like the official provider, a delete leaves it as it is.
    "cloudflare:index/zoneSetting:ZoneSetting": ResourceType(
        collection="/zones/{zoneId}/settings/{settingId}",
        one="/zones/{zoneId}/settings/{settingId}",
        members={"value": "value"},
        required=("zoneId", "settingId", "value"),
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
    """A function: its path as a template over arguments, and the members of the response by property."""

    path: str
    takes: tuple[str, ...]
    members: Mapping[str, str]


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
