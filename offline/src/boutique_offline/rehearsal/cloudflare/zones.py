"""Zones with their records and settings, and the checks that Cloudflare makes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

Record = dict[str, Any]

_TYPES: Final = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT")
_PROXIED: Final = ("A", "AAAA", "CNAME")
"""The types that locate a host. Only these can be proxied, and a CNAME excludes the others."""

_ADDRESSES: Final = {"A": (9005, "IPv4", IPv4Address), "AAAA": (9006, "IPv6", IPv6Address)}
_AUTOMATIC_TTL: Final = 1
_TTLS: Final = range(60, 86400 + 1)
_MAX_COMMENT: Final = 100
_SETTINGS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "always_use_https": ("off", ("on", "off")),
    "min_tls_version": ("1.0", ("1.0", "1.1", "1.2", "1.3")),
    "ssl": ("full", ("off", "flexible", "full", "strict")),
}
"""The value in a new zone, and the allowed values."""


class RefusedError(Exception):
    """Raised for a request that Cloudflare rejects."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Zone:
    """A zone with its records by id and its settings by name."""

    id: str
    name: str
    account: str
    records: dict[str, Record] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=lambda: {name: value for name, (value, _) in _SETTINGS.items()})

    def describe(self) -> dict[str, Any]:
        """Returns the zone as Cloudflare's API describes it."""
        return {
            "id": self.id,
            "name": self.name,
            "status": "active",
            "paused": False,
            "type": "full",
            "account": {"id": self.account, "name": "rehearsal"},
        }

    def record(self, identifier: str) -> Record:
        """Returns the record with the id. Raises RefusedError if there is none."""
        if identifier not in self.records:
            raise RefusedError(404, 81044, "Record does not exist.")
        return self.records[identifier]

    def create(self, requested: Record) -> Record:
        """Stores a new record and returns it. Raises RefusedError if Cloudflare would reject it."""
        now = datetime.now(UTC).isoformat()
        record = self._checked(requested) | {"id": secrets.token_hex(16), "created_on": now, "modified_on": now}
        self.records[record["id"]] = record
        return record

    def replace(self, identifier: str, requested: Record) -> Record:
        """Replaces a record, except for its id and its date of creation, and returns it. Raises RefusedError."""
        kept = {"id": identifier, "created_on": self.record(identifier)["created_on"]}
        kept["modified_on"] = datetime.now(UTC).isoformat()
        self.records[identifier] = self._checked(requested, replaced=identifier) | kept
        return self.records[identifier]

    def delete(self, identifier: str) -> dict[str, str]:
        """Deletes the record with the id, which it returns. Raises RefusedError if there is none."""
        self.record(identifier)
        del self.records[identifier]
        return {"id": identifier}

    def setting(self, name: str) -> dict[str, Any]:
        """Returns a setting as Cloudflare's API describes it. Raises RefusedError for an unknown name."""
        if name not in self.settings:
            raise RefusedError(404, 1003, f"Undefined zone setting: {name}")
        return {"id": name, "value": self.settings[name], "editable": True, "modified_on": None}

    def set(self, name: str, value: object) -> dict[str, Any]:
        """Changes a setting and returns it. Raises RefusedError for an unknown name or a value that is not allowed."""
        self.setting(name)
        if value not in _SETTINGS[name][1]:
            raise RefusedError(400, 1007, f"Invalid value for zone setting {name}")
        self.settings[name] = str(value)
        return self.setting(name)

    def _checked(self, requested: Record, replaced: str | None = None) -> Record:
        """Returns the record to store. Raises RefusedError.

        Args:
            requested: The record in the request.
            replaced: Identifier of the record that it replaces.
        """
        kind, content = requested.get("type"), str(requested.get("content") or "")
        ttl, proxied = requested.get("ttl", _AUTOMATIC_TTL), requested.get("proxied", False)
        if kind not in _TYPES:
            raise RefusedError(400, 9000, f"DNS record type {kind!r} is invalid.")
        _check_content(kind, content)
        if type(ttl) is not int or not (ttl == _AUTOMATIC_TTL or ttl in _TTLS):
            raise RefusedError(400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
        if not isinstance(proxied, bool):
            raise RefusedError(400, 9003, "Invalid 'proxied' value, must be a boolean.")
        if proxied and kind not in _PROXIED:
            raise RefusedError(400, 9004, "This record type cannot be proxied.")
        if len(requested.get("comment") or "") > _MAX_COMMENT:
            raise RefusedError(400, 9207, f"The comment is longer than {_MAX_COMMENT} characters.")
        name = self._full_name(str(requested.get("name") or ""))
        self._refuse_conflicts(name, kind, content, replaced)
        return {
            "name": name,
            "type": kind,
            "content": content.rstrip(".") if kind in {"CNAME", "MX", "NS"} else content,
            "ttl": _AUTOMATIC_TTL if proxied else ttl,
            "proxied": proxied,
            "proxiable": kind in _PROXIED,
            "comment": requested.get("comment"),
            "tags": requested.get("tags") or [],
            "settings": requested.get("settings") or {},
            "meta": {},
        }

    def _full_name(self, name: str) -> str:
        """Returns the name in the zone, such as `shop.example.com` for `shop`."""
        name = name.rstrip(".").lower()
        if name in {"", "@"}:
            return self.name
        return name if name == self.name or name.endswith(f".{self.name}") else f"{name}.{self.name}"

    def _refuse_conflicts(self, name: str, kind: str, content: str, replaced: str | None) -> None:
        others = [record for key, record in self.records.items() if record["name"] == name and key != replaced]
        if any((other["type"], other["content"]) == (kind, content.rstrip(".")) for other in others):
            raise RefusedError(400, 81058, "An identical record already exists.")
        if kind == "CNAME" and any(other["type"] in _PROXIED for other in others):
            raise RefusedError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        if kind in _PROXIED and any(other["type"] == "CNAME" for other in others):
            raise RefusedError(400, 81054, "A CNAME record with that host already exists.")


def _check_content(kind: str, content: str) -> None:
    """Checks that addresses are valid, and that records of other types have content."""
    if kind in _ADDRESSES:
        code, name, parse = _ADDRESSES[kind]
        try:
            parse(content)
        except ValueError:
            raise RefusedError(400, code, f"Content for {kind} record must be a valid {name} address.") from None
    elif not content:
        raise RefusedError(400, 9007, f"Content for {kind} record is invalid.")
