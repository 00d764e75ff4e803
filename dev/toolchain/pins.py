"""The pinned versions of `versions.toml`, typed."""

import platform
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Download:
    """A file of a publisher, and the publisher's checksum file for it."""

    url: str
    checksums_url: str
    files: tuple[str, ...]

    @classmethod
    def read(cls, table: Mapping[str, Any], version: str, system: str) -> list[Self]:
        """Returns the downloads of a table for this machine's architecture and the given system."""
        machine = platform.machine().lower()
        architecture = _ARCHITECTURES.get(machine, machine)
        values = {
            "version": version,
            "os": system,
            "arch": table.get("architectures", {}).get(architecture, architecture),
        }
        url, checksums_url, files = table["url"], table["checksums"], table["files"]
        groups = [[file] for file in files] if "{file}" in url else [files]
        return [
            cls(
                url=url.format(**values, file=group[0]),
                checksums_url=checksums_url.format(**values, file=group[0]),
                files=tuple(group),
            )
            for group in groups
        ]


@dataclass(frozen=True)
class Build:
    """A program that is built from a Go module in `sources/`."""

    source: str
    package: str
    program: str
    links: tuple[str, ...]
    variables: Mapping[str, str]
    copy_module: str
    copy_files: tuple[str, ...]
    minutes: int
    """Duration of a build on two cores with empty caches."""
    gigabytes: int
    """Disk space that the build needs."""

    @classmethod
    def read(cls, table: Mapping[str, Any], version: str) -> Self:
        """Returns the build of a table, with the version filled in."""
        copy = table.get("copy", {"module": "", "files": []})
        return cls(
            source=table["source"],
            package=table["package"],
            program=table["program"],
            links=tuple(table.get("links", ())),
            variables={name: value.format(version=version) for name, value in table.get("variables", {}).items()},
            copy_module=copy["module"],
            copy_files=tuple(copy["files"]),
            minutes=table["minutes"],
            gigabytes=table["gigabytes"],
        )


@dataclass(frozen=True)
class Pin:
    """A tool, its version, and the ways to get it."""

    name: str
    version: str
    system: str
    """The operating system that it runs on, in Go's terms: linux, darwin."""
    oldest_on_path: str | None
    downloads: tuple[Download, ...]
    builds: tuple[Build, ...]


@dataclass(frozen=True)
class GoPin:
    """The oldest Go that builds every tool, and the wheel to use if there is none on PATH."""

    minimum: str
    wheel: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Pins:
    """All pinned tools by name, and Go."""

    tools: Mapping[str, Pin]
    go: GoPin

    @classmethod
    def read(cls, path: Path) -> Self:
        """Returns the pins of `versions.toml`. Raises KeyError if a field is missing."""
        document = tomllib.loads(path.read_text())
        return cls(
            tools={name: _read_pin(name, table) for name, table in document["tools"].items()},
            go=GoPin(
                minimum=document["go"]["minimum"],
                wheel=document["go"]["wheel"],
                hashes=tuple(document["go"]["hashes"]),
            ),
        )


def _read_pin(name: str, table: Mapping[str, Any]) -> Pin:
    version = table["version"]
    system = table.get("system", platform.system().lower())
    return Pin(
        name=name,
        version=version,
        system=system,
        oldest_on_path=table.get("on_path"),
        downloads=tuple(
            download for entry in table.get("download", ()) for download in Download.read(entry, version, system)
        ),
        builds=tuple(Build.read(entry, version) for entry in table.get("build", ())),
    )


def version_numbers(text: str) -> tuple[int, ...]:
    """Returns the first version number in a text, such as (1, 26, 0) in "go1.26.0", or () if there is none."""
    match = re.search(r"\d+(\.\d+)+", text)
    return tuple(map(int, match[0].split("."))) if match else ()
