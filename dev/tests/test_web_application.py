"""A web application is built once from what it is made of, by an npm of the tests' own."""

import os
from pathlib import Path

import pytest

from dev import web_application as application
from dev.errors import ActionableError

# Says what it was asked, and "builds" into the folder that follows --outDir.
NPM = """#!/bin/sh
echo "$@" >> "$NPM_LOG"
case "$*" in *broken*) echo "line 1: a mistake"; exit 1;; esac
while [ $# -gt 0 ]; do
    [ "$1" = --outDir ] && mkdir -p "$2" && cp index.html "$2/"
    shift
done
exit 0
"""


@pytest.fixture
def npm_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    npm = tmp_path / "environment/bin/npm"
    npm.parent.mkdir(parents=True)
    npm.write_text(NPM)
    npm.chmod(0o755)
    monkeypatch.setattr(application, "ENVIRONMENT", tmp_path / "environment")
    monkeypatch.setenv("NPM_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "services/web/application"
    for name, content in {
        "package.json": "{}",
        "index.html": "<p>1",
        "src/main.ts": "1",
        "package-lock.json": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_a_service_without_package_json_has_no_application(tmp_path: Path, source: Path) -> None:
    assert application.source(tmp_path, "web") == source
    assert application.source(tmp_path, "cart") is None


def test_it_is_built_from_its_lock_file_once(npm_log: Path, source: Path, tmp_path: Path) -> None:
    built = application.build(source, tmp_path / "cache")
    assert (built / "index.html").read_text() == "<p>1"
    assert application.build(source, tmp_path / "cache") == built
    install, build = npm_log.read_text().splitlines()
    assert install.startswith("ci ")
    assert "--outDir" in build


def test_a_changed_source_is_rebuilt_and_installed_packages_do_not_count_as_source(
    npm_log: Path, source: Path, tmp_path: Path
) -> None:
    first = application.build(source, tmp_path / "cache")
    (source / "node_modules").mkdir()
    (source / "node_modules/package.js").write_text("installed")
    assert application.build(source, tmp_path / "cache") == first
    (source / "index.html").write_text("<p>2")
    assert (application.build(source, tmp_path / "cache") / "index.html").read_text() == "<p>2"
    assert (first / "index.html").read_text() == "<p>1"


def test_a_failure_is_reported_and_leaves_no_partial_build(npm_log: Path, source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "broken"
    with pytest.raises(ActionableError, match="a mistake"):
        application.build(source, cache)
    assert [path for path in cache.rglob("*") if path.name == "built"] == []


def test_the_pinned_node_is_first_on_path(npm_log: Path, source: Path, tmp_path: Path) -> None:
    npm = tmp_path / "environment/bin/npm"
    npm.write_text(f'{NPM.splitlines()[0]}\necho "$PATH" > "$NPM_LOG"\nexit 1\n')
    with pytest.raises(ActionableError):
        application.build(source, tmp_path / "cache")
    assert npm_log.read_text().split(os.pathsep)[0] == str(npm.parent)
