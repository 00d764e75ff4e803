"""Finds, downloads or builds the pinned tools, and says which way each was had and why."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from boutique_offline.toolchain.build import SOURCES, build, go_command, remove_build_cache
from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain.cache import locked, published, require_space
from dev.toolchain.download import download, unreachable
from dev.toolchain.pins import Pin, Pins, version_numbers

_PINS = Path(__file__).with_name("versions.toml")
_PLUGIN = "https://github.com/pulumi/pulumi-kubernetes/releases"
_DOWNLOAD_GIGABYTES = 1


class Way(StrEnum):
    PATH = "path"
    DOWNLOAD = "download"
    BUILD = "build"


@dataclass(frozen=True)
class Tool:
    """A tool that is ready to run: the directory of its programs, and how and why it was had."""

    name: str
    version: str
    directory: Path
    origin: str


@dataclass(frozen=True)
class Toolbox:
    tools: Mapping[str, Tool]

    def command(self, tool: str, program: str | None = None) -> Path:
        """The program of that name in a tool; the tool's own name where none is given."""
        return self.tools[tool].directory / (program or tool)

    def path_environment(self) -> str:
        """PATH with the tools first."""
        directories = dict.fromkeys(str(tool.directory) for tool in self.tools.values())
        return os.pathsep.join([*directories, os.environ.get("PATH", os.defpath)])


def ensure(names: Iterable[str], progress: Progress) -> Toolbox:
    """Makes the tools ready, from nothing where need be.

    Raises ActionableError where a tool cannot be had; it says what each way would have needed.
    """
    pins = Pins.read(_PINS)
    ways = _allowed_ways()
    cache = cache_directory()
    wanted = [pins.tools[name] for name in names]
    tools = {pin.name: _ready(pin, ways, cache) for pin in wanted}
    missing = [pin for pin in wanted if tools[pin.name] is None]
    if missing:
        with locked(cache, progress):
            for pin in missing:
                tools[pin.name] = _ready(pin, ways, cache) or _obtain(pin, ways, pins, cache, progress)
            if all(_ready(pin, ways, cache) for pin in pins.tools.values() if pin.builds):
                remove_build_cache(cache)
    return Toolbox({name: tool for name, tool in tools.items() if tool})


def unavailable(name: str) -> str | None:
    """Says why a tool that is not built from source cannot be had; None where it can, or is there already."""
    pin = Pins.read(_PINS).tools[name]
    ways = _allowed_ways()
    if _ready(pin, ways, cache_directory()):
        return None
    if Way.DOWNLOAD not in ways:
        return f"{name} is not on PATH, and BOUTIQUE_TOOLS forbids to download it"
    return unreachable([entry.checksums_url for entry in pin.downloads])


def outlook(name: str) -> str:
    """Says how a tool is had, or how it would be and why; nothing is fetched."""
    pin = Pins.read(_PINS).tools[name]
    ways = _allowed_ways()
    if ready := _ready(pin, ways, cache_directory()):
        return f"{ready.version}, {ready.origin}"
    reason = "BOUTIQUE_TOOLS allows no download"
    if Way.DOWNLOAD in ways and pin.downloads:
        reason = unreachable([entry.checksums_url for entry in pin.downloads]) or ""
        if not reason:
            return f"{pin.version}, would be downloaded"
    if Way.BUILD in ways and pin.builds:
        minutes = sum(entry.minutes for entry in pin.builds)
        return f"{pin.version}, would be built from source in about {minutes} min: {reason}"
    return f"cannot be had: {reason}"


def official_plugins_unreachable() -> str | None:
    """Says why the official provider plugins cannot be downloaded; None where they can."""
    return unreachable([_PLUGIN])


def _allowed_ways() -> list[Way]:
    forced = os.environ.get("BOUTIQUE_TOOLS")
    if not forced:
        return list(Way)
    try:
        return [Way(forced)]
    except ValueError:
        raise ActionableError(
            f"BOUTIQUE_TOOLS is {forced!r}; it may be {', '.join(Way)}, or not set to try them in this order."
        ) from None


def _ready(pin: Pin, ways: list[Way], cache: Path) -> Tool | None:
    """The tool where nothing has to be fetched for it."""
    if Way.PATH in ways and pin.oldest_on_path and (directory := _acceptable_on_path(pin)):
        return Tool(pin.name, _installed_version(pin.name), directory, f"found on PATH in {directory}")
    for way in (Way.DOWNLOAD, Way.BUILD):
        directory = _cached(pin, way, cache)
        if way in ways and directory.exists():
            return Tool(pin.name, pin.version, directory, (directory / "origin").read_text())
    return None


def _acceptable_on_path(pin: Pin) -> Path | None:
    programs = [shutil.which(program) for program in _programs(pin)]
    if not all(programs) or not programs[0]:
        return None
    oldest, found = version_numbers(pin.oldest_on_path or ""), version_numbers(_installed_version(pin.name))
    return Path(programs[0]).parent if found[:1] == oldest[:1] and found >= oldest else None


def _programs(pin: Pin) -> tuple[str, ...]:
    return pin.downloads[0].files if pin.downloads else (pin.name,)


def _installed_version(program: str) -> str:
    answer = subprocess.run([program, "version"], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return ".".join(map(str, version_numbers(answer.stdout)))


def _cached(pin: Pin, way: Way, cache: Path) -> Path:
    """A build is named by what it was built from as well, so that a changed source is built again."""
    name = pin.version if way is Way.DOWNLOAD else f"{pin.version}-{_source_digest(pin)}"
    return cache / "tools" / pin.name / name


def identity(name: str) -> str:
    """Changes with what a tool is: its version, and what it is built from where it is built. Nothing is fetched."""
    pin = Pins.read(_PINS).tools[name]
    return f"{pin.name} {pin.version} {_source_digest(pin)}"


def _source_digest(pin: Pin) -> str:
    digest = hashlib.sha256(repr(pin.builds).encode())
    for entry in pin.builds:
        for file in sorted((SOURCES / entry.source).iterdir()):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _obtain(pin: Pin, ways: list[Way], pins: Pins, cache: Path, progress: Progress) -> Tool:
    refused = ["it is not on PATH"] if Way.PATH in ways and pin.oldest_on_path else []
    if Way.DOWNLOAD in ways and pin.downloads:
        reason = unreachable([entry.checksums_url for entry in pin.downloads])
        if reason is None:
            return _downloaded(pin, cache, progress)
        refused.append(f"the download was not to be had: {reason}")
    if Way.BUILD in ways and pin.builds:
        refused = refused or ["it is published as source alone" if not pin.downloads else "BOUTIQUE_TOOLS asks for it"]
        return _built(pin, pins, "; ".join(refused), cache, progress)
    raise ActionableError(f"{pin.name} {pin.version} cannot be had: {'; '.join(refused)}.")


def _downloaded(pin: Pin, cache: Path, progress: Progress) -> Tool:
    require_space(cache, _DOWNLOAD_GIGABYTES, f"Downloading {pin.name}")
    directory = _cached(pin, Way.DOWNLOAD, cache)
    with progress.step(f"Downloading {pin.name} {pin.version}") as step, published(directory, cache) as partial:
        for entry in pin.downloads:
            download(entry, partial, step)
        return _described(pin, partial, directory, f"downloaded from {pin.downloads[0].url}")


def _built(pin: Pin, pins: Pins, reason: str, cache: Path, progress: Progress) -> Tool:
    go = go_command(pins.go, cache, progress)
    directory = _cached(pin, Way.BUILD, cache)
    minutes = sum(entry.minutes for entry in pin.builds)
    title = f"Building {pin.name} {pin.version} from source, once: about {minutes} min on two cores"
    with progress.step(title) as step, published(directory, cache) as partial:
        for entry in pin.builds:
            build(entry, pin.system, partial, go, cache, step)
        return _described(pin, partial, directory, f"built from source: {reason}")


def _described(pin: Pin, partial: Path, directory: Path, origin: str) -> Tool:
    (partial / "origin").write_text(origin)
    return Tool(pin.name, pin.version, directory, origin)
