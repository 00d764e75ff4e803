"""Finds, downloads or builds the pinned tools, and says which way was used and why."""

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.progress import Progress
from dev.sources import ToolSource, tool_source
from dev.toolchain.cache import ensure_directory, require_space
from dev.toolchain.download import download, unreachable
from dev.toolchain.pins import Pin, Pins, version_numbers

VERSIONS: Final = Path(__file__).with_name("versions.toml")
_DOWNLOAD_GIGABYTES: Final = 1
# A build has long phases that use only one core, so two at a time are faster. More would need too much memory.
_BUILDING: Final = threading.BoundedSemaphore(2)


class Way(StrEnum):
    """A way to get a tool: find it on PATH, download it, or build it."""

    PATH = "path"
    DOWNLOAD = "download"
    BUILD = "build"


@dataclass(frozen=True)
class Tool:
    """A tool that is ready to run.

    Args:
        directory: Where its programs are.
        origin: How it was obtained and why, for people.
    """

    name: str
    version: str
    directory: Path
    origin: str


@dataclass(frozen=True)
class Toolbox:
    """Tools that are ready to run, by name."""

    tools: Mapping[str, Tool]

    def command(self, tool: str, program: str | None = None) -> Path:
        """Returns the path of a program of a tool; by default, the program that has the tool's own name."""
        return self.tools[tool].directory / (program or tool)

    def path_environment(self) -> str:
        """Returns PATH with the tools first."""
        directories = dict.fromkeys(str(tool.directory) for tool in self.tools.values())
        return os.pathsep.join([*directories, os.environ.get("PATH", os.defpath)])


@dataclass(frozen=True)
class Setup:
    """The sources of tools.

    Args:
        ways: The ways that may be tried, in this order.
        cache: The directory that keeps downloads and builds.
        source: Builds tools, or None if they cannot be built.
    """

    pins: Pins
    ways: Sequence[Way]
    cache: Path
    source: ToolSource | None

    @classmethod
    def read(cls, versions: Path = VERSIONS, source: ToolSource | None = None) -> Self:
        """Returns the setup of this machine. Raises ActionableError if BOUTIQUE_TOOLS names no way."""
        return cls(Pins.read(versions), _allowed_ways(), cache_directory(), source or tool_source())


def ensure(names: Iterable[str], progress: Progress, setup: Setup | None = None) -> Toolbox:
    """Finds, downloads or builds these tools, several at a time.

    Raises ActionableError if one of them is not available, with what each way would have needed.
    """
    chosen = setup or Setup.read()
    wanted = [chosen.pins.tools[name] for name in dict.fromkeys(names)]
    with progress.threads() as pool:
        tools = list(pool.map(lambda pin: _ready(pin, chosen) or _obtain(pin, chosen, progress), wanted))
    return Toolbox({tool.name: tool for tool in tools})


def unavailable(name: str) -> str | None:
    """Returns why a tool that is not built from source is not available; None if it is, or could be downloaded."""
    setup = Setup.read()
    pin = setup.pins.tools[name]
    if _ready(pin, setup):
        return None
    if Way.DOWNLOAD not in setup.ways:
        return f"{name} is not on PATH, and BOUTIQUE_TOOLS does not allow downloading it"
    return unreachable([entry.checksums_url for entry in pin.downloads])


def outlook(name: str) -> str:
    """Returns how a tool was obtained, or how it would be and why. Fetches nothing."""
    setup = Setup.read()
    pin = setup.pins.tools[name]
    if ready := _ready(pin, setup):
        return f"{ready.version}, {ready.origin}"
    reason = "BOUTIQUE_TOOLS does not allow downloads"
    if Way.DOWNLOAD in setup.ways and pin.downloads:
        reason = unreachable([entry.checksums_url for entry in pin.downloads]) or ""
        if not reason:
            return f"{pin.version}, would be downloaded"
    if Way.BUILD in setup.ways and pin.builds and setup.source:
        return f"{pin.version}, would be built from source in about {_minutes(pin)} min: {reason}"
    return f"not available: {reason}"


def identity(name: str) -> str:
    """Returns a text that changes with the tool: its version, and what it is built from. Fetches nothing."""
    setup = Setup.read()
    pin = setup.pins.tools[name]
    return f"{pin.name} {pin.version} {_source_digest(pin, setup.source)}"


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


def _ready(pin: Pin, setup: Setup) -> Tool | None:
    """Returns the tool if nothing has to be fetched for it."""
    if Way.PATH in setup.ways and pin.oldest_on_path and (directory := _acceptable_on_path(pin)):
        return Tool(pin.name, _installed_version(pin.name), directory, f"found on PATH in {directory}")
    for way in (Way.DOWNLOAD, Way.BUILD):
        directory = _cached(pin, way, setup)
        if way in setup.ways and directory.exists():
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


def _cached(pin: Pin, way: Way, setup: Setup) -> Path:
    """Returns where a tool is cached. The name of a build has a digest of its source, so that a change is built."""
    name = pin.version if way is Way.DOWNLOAD else f"{pin.version}-{_source_digest(pin, setup.source)}"
    return setup.cache / "tools" / pin.name / name


def _source_digest(pin: Pin, source: ToolSource | None) -> str:
    digest = hashlib.sha256(repr(pin.builds).encode())
    for file in (file for entry in pin.builds for file in source.files(entry)) if source else ():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _obtain(pin: Pin, setup: Setup, progress: Progress) -> Tool:
    refused = ["it is not on PATH"] if Way.PATH in setup.ways and pin.oldest_on_path else []
    if Way.DOWNLOAD in setup.ways and pin.downloads:
        reason = unreachable([entry.checksums_url for entry in pin.downloads])
        if reason is None:
            return _download(pin, setup, progress)
        refused.append(f"it cannot be downloaded: {reason}")
    if Way.BUILD in setup.ways and pin.builds and setup.source:
        refused = refused or ["it is published only as source" if not pin.downloads else "BOUTIQUE_TOOLS asks for it"]
        return _build(pin, setup, setup.source, "; ".join(refused), progress)
    raise ActionableError(f"{pin.name} {pin.version} is not available: {'; '.join(refused)}.")


def _download(pin: Pin, setup: Setup, progress: Progress) -> Tool:
    require_space(setup.cache, _DOWNLOAD_GIGABYTES, f"Downloading {pin.name}")
    origin = f"downloaded from {pin.downloads[0].url}"

    def fill(target: Path) -> None:
        with progress.step(f"Downloading {pin.name} {pin.version}") as step:
            for entry in pin.downloads:
                download(entry, target, step)
        (target / "origin").write_text(origin)

    directory = _cached(pin, Way.DOWNLOAD, setup)
    ensure_directory(directory, f"{pin.name} {pin.version}", fill, progress)
    return Tool(pin.name, pin.version, directory, origin)


def _build(pin: Pin, setup: Setup, source: ToolSource, reason: str, progress: Progress) -> Tool:
    go = source.ensure_go(setup.pins.go, progress)
    origin = f"built from source: {reason}"

    def fill(target: Path) -> None:
        title = f"Building {pin.name} {pin.version} from source, once: about {_minutes(pin)} min on two cores"
        with _BUILDING, progress.step(title) as step:
            for entry in pin.builds:
                require_space(setup.cache, entry.gigabytes, f"Building {entry.program} from source")
                source.build(entry, go, pin.system, target, step)
        (target / "origin").write_text(origin)

    directory = _cached(pin, Way.BUILD, setup)
    ensure_directory(directory, f"{pin.name} {pin.version}", fill, progress)
    building = any(setup.cache.glob("tools/*/.*.lock"))
    if not building and all(_ready(other, setup) for other in setup.pins.tools.values() if other.builds):
        source.remove_build_cache()
    return Tool(pin.name, pin.version, directory, origin)


def _minutes(pin: Pin) -> int:
    return sum(entry.minutes for entry in pin.builds)
