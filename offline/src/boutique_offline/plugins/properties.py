"""Converts the engine's property values to plain Python and back.

On the wire, properties are a `google.protobuf.Struct`: secrets are tagged objects, and a value that is not known yet,
in a preview, is a reserved string. In a plugin they are dicts, lists, strings, numbers and booleans, with `Secret`
around secret values and `UNKNOWN` in place of unknown ones. Source: Pulumi's "property values" protocol notes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a tag of the protocol
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"


class Unknown:
    """A value that the engine will know when other resources have been created."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in the stack's state and never prints."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class ResourceReference:
    """A resource as a value, for example an output of a component."""

    urn: str
    id: str


@dataclass(frozen=True)
class Asset:
    """A file or a text. The engine computes its hash, by which it is compared."""

    hash: str
    path: str | None = None
    text: str | None = None

    def content(self) -> bytes:
        """Reads the file or encodes the text in UTF-8. Raises OSError."""
        return Path(self.path).read_bytes() if self.path else (self.text or "").encode()

    def tagged(self) -> dict[str, str]:
        """Returns the asset as a map with Pulumi's signature."""
        source = {"path": self.path} if self.path else {"text": self.text or ""}
        return {_SIGNATURE: _ASSET, "hash": self.hash, **source}


def decode(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Returns properties as plain values. Raises ValueError for an archive, which no emulated plugin supports."""
    return {key: _decode(value) for key, value in properties.fields.items()}


def encode(properties: dict[str, Any]) -> struct_pb2.Struct:
    """Returns plain values as properties; the inverse of `decode`."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def reveal(value: Any) -> Any:
    """Returns the value without `Secret` anywhere in it."""
    match value:
        case Secret():
            return reveal(value.value)
        case dict():
            return {key: reveal(item) for key, item in value.items()}
        case list():
            return [reveal(item) for item in value]
        case _:
            return value


def conceal(value: Any, like: Any) -> Any:
    """Returns the plain `value` with a `Secret` in each place where `like` has one.

    A list that contains a secret becomes secret as a whole: its items may have moved, and none may leak.
    """
    match like:
        case Secret():
            return Secret(value)
        case dict() if isinstance(value, dict):
            return {key: conceal(item, like.get(key)) for key, item in value.items()}
        case list() | dict() if contains(like, Secret):
            return Secret(value)
        case _:
            return value


def contains(value: Any, kind: type) -> bool:
    """Returns whether the value is or contains an instance of `kind`."""
    match value:
        case _ if isinstance(value, kind):
            return True
        case Secret():
            return contains(value.value, kind)
        case dict():
            return any(contains(item, kind) for item in value.values())
        case list():
            return any(contains(item, kind) for item in value)
        case _:
            return False


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _decode_object(value.struct_value)
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "number_value":
            # All numbers of a Struct are doubles, and APIs that expect 3 reject 3.0.
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_ON_THE_WIRE else value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _decode_object(value: struct_pb2.Struct) -> Any:
    fields = value.fields
    if _SIGNATURE not in fields:
        return decode(value)
    match fields[_SIGNATURE].string_value:
        case signature if signature == _SECRET:
            return Secret(_decode(fields["value"]))
        case signature if signature == _RESOURCE:
            return ResourceReference(fields["urn"].string_value, fields["id"].string_value)
        case signature if signature == _ASSET and "uri" not in fields:
            return Asset(
                fields["hash"].string_value, fields["path"].string_value or None, fields["text"].string_value or None
            )
        case _:
            raise ValueError("archives and remote assets are not covered by this emulated plugin")


def _encode(value: Any) -> struct_pb2.Value:  # noqa: C901, PLR0911 - one branch for each kind of value
    match value:
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_ON_THE_WIRE)
        case Secret():
            return _encode({_SIGNATURE: _SECRET, "value": value.value})
        case ResourceReference():
            return _encode({_SIGNATURE: _RESOURCE, "urn": value.urn, "id": value.id})
        case Asset():
            return _encode(value.tagged())
        case dict():
            return struct_pb2.Value(struct_value=encode(value))
        case list():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case _:
            raise TypeError(f"not a property value: {value!r}")
