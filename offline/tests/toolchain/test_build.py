"""Tests builds from source, with a fake Go."""

from importlib.metadata import version
from pathlib import Path

import pytest

from boutique_offline.toolchain.build import SOURCES, GoModules
from dev.errors import ActionableError
from dev.progress import Progress, Step
from dev.toolchain.pins import Build, Pins, version_numbers
from dev.toolchain.toolbox import VERSIONS

PINS = Pins.read(VERSIONS)
HAMMER = Build("hammer", ".", "hammer", ("mallet",), {}, "", (), 1, 0)


def _script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoModules:
    monkeypatch.setenv("BOUTIQUE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "sources/hammer").mkdir(parents=True)
    (tmp_path / "built").mkdir()
    return GoModules(tmp_path / "sources")


def test_a_program_is_built_for_its_system_and_linked_by_its_other_names(modules: GoModules, tmp_path: Path) -> None:
    go = _script(tmp_path / "go", 'while [ "$1" != -o ]; do shift; done; echo "for $GOOS" > "$2"')
    modules.build(HAMMER, go, "linux", tmp_path / "built", Step())
    assert (tmp_path / "built/hammer").read_text() == "for linux\n"
    assert (tmp_path / "built/mallet").read_text() == "for linux\n"


def test_a_failed_build_shows_the_last_lines_of_the_compiler(modules: GoModules, tmp_path: Path) -> None:
    go = _script(tmp_path / "go", 'echo "main.go:1: syntax error" >&2; exit 1')
    with pytest.raises(ActionableError, match=r"main\.go:1: syntax error"):
        modules.build(HAMMER, go, "linux", tmp_path / "built", Step())


def test_the_build_cache_can_be_removed(modules: GoModules, tmp_path: Path) -> None:
    (tmp_path / "cache/go/build").mkdir(parents=True)
    modules.remove_build_cache()
    assert not (tmp_path / "cache/go").exists()


def test_a_go_on_path_that_is_new_enough_is_used(
    modules: GoModules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = _script(tmp_path / "go", f"echo go{PINS.go.minimum}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with Progress() as progress:
        assert modules.ensure_go(PINS.go, progress) == go


@pytest.mark.parametrize("source", sorted(path.name for path in SOURCES.iterdir()))
def test_the_pinned_go_builds_every_source(source: str) -> None:
    lines = (SOURCES / source / "go.mod").read_text().splitlines()
    required = next(line.split()[1] for line in lines if line.startswith("go "))
    assert version_numbers(required) <= version_numbers(PINS.go.minimum) <= version_numbers(PINS.go.wheel)


@pytest.mark.parametrize("name", ["pulumi", "helm", "kubernetes", "coredns", "network-policies", "k6", "rclone"])
def test_the_pinned_version_is_built(name: str) -> None:
    pin = PINS.tools[name]
    assert f" v{pin.version}\n" in (SOURCES / pin.builds[0].source / "go.mod").read_text().replace(" // indirect", "")


def test_the_kubernetes_plugin_has_the_version_of_the_sdk() -> None:
    assert PINS.tools["pulumi-kubernetes"].version == version("pulumi-kubernetes")
