"""Reads the headers of conditional requests and range requests.

Source: RFC 9110, sections 13 (conditional requests) and 14 (range requests).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ENTITY_TAG = re.compile(r'(?:W/)?("[!#-~]*")')
_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a request: RFC 9110, sections 13 and 14."""

    known: frozenset[str] = frozenset()
    """Entity tags that the client has, or "*"."""
    range: str | None = None
    """The value of the Range header."""
    range_of: str | None = None
    """The entity tag that the range belongs to (If-Range), if any."""

    def met_by(self, entity_tag: str) -> bool:
        """Returns whether the client needs the picture with this entity tag."""
        return entity_tag not in self.known and "*" not in self.known


def read_conditions(method: str, headers: Mapping[str, str]) -> Conditions:
    """Reads the headers. Ignores what S3 does not support or treats differently from the RFC, so the whole is sent."""
    known = _known(headers.get("if-none-match", ""))
    range_ = headers.get("range", "").strip()
    range_of = headers.get("if-range", "").strip()
    # A date or a weak tag cannot tell for certain whether the picture is the same.
    if method != "GET" or not _is_one_range(range_) or (range_of and not _is_strong(range_of)):
        return Conditions(known)
    return Conditions(known, range_, range_of or None)


def _known(if_none_match: str) -> frozenset[str]:
    if if_none_match.strip() == "*":
        return frozenset("*")
    # Compared weakly, since proxies that compress make a tag weak.
    return frozenset(_ENTITY_TAG.findall(if_none_match))


def _is_one_range(value: str) -> bool:
    match = _ONE_RANGE.fullmatch(value)
    return match is not None and not (match[1] and match[2] and int(match[2]) < int(match[1]))


def _is_strong(value: str) -> bool:
    return _ENTITY_TAG.fullmatch(value) is not None and value.startswith('"')
