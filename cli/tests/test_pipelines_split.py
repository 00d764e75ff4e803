"""A service moves into a repository of its own by the commands of docs/split-a-service.md, and stands alone there."""

import os
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from dev.virtual_environment import ENVIRONMENT, ROOT

DOCUMENT = (ROOT / "docs" / "split-a-service.md").read_text()
SERVICE = "services/currency"


def block(language: str) -> str:
    """The document's first block of code in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    """With no settings of this repository's, and none of this machine's git."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "PATH", "TMPDIR"}}
    environment = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **variables}
    ran = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a clone of this repository, as it is committed, and `currency`, which the document's commands make of it."""
    scratch = tmp_path_factory.mktemp("split")
    run("git", "clone", "--quiet", f"file://{ROOT}", "boutique", folder=scratch)
    run("bash", "-eo", "pipefail", "-c", block("sh"), folder=scratch / "boutique")
    return scratch


@pytest.fixture(scope="module")
def currency(scratch: Path) -> Path:
    """The service's repository, which takes what it shares from the clone's revision."""
    revision = run("git", "rev-parse", "HEAD", folder=scratch / "boutique").strip()
    file = scratch / "currency" / "pyproject.toml"
    kept, _, replaced = file.read_text().partition("[tool.uv.sources]")
    assert "[" not in replaced.replace("{ workspace", ""), "the table is the last"
    filled = block("toml").replace("<this repository>", f"file://{scratch}/boutique").replace("<revision>", revision)
    file.write_text(kept + filled)
    return file.parent


@pytest.fixture(scope="module")
def python(currency: Path) -> Path:
    """Of an environment that has the service and what it shares, and of this workspace nothing.

    What others have published is borrowed from this one's packages, so that no network is needed: a path that is
    searched for modules, unlike one of packages, brings none of the workspace's own along.
    """
    uv, environment = ENVIRONMENT / "bin" / "uv", currency / ".venv"
    run(uv, "venv", "--quiet", "--python", ENVIRONMENT / "bin" / "python", environment, folder=currency)
    sources = tomllib.loads((currency / "pyproject.toml").read_text())["tool"]["uv"]["sources"]
    shared = [
        f"{name} @ git+{source['git']}@{source['rev']}#subdirectory={source['subdirectory']}"
        for name, source in sources.items()
    ]
    python = environment / "bin" / "python"
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--python", python)
    run(uv, "pip", "install", *options, *shared, ".", folder=currency, PYTHONPATH=others())
    return python


def others() -> str:
    return sysconfig.get_path("purelib", vars={"base": str(ENVIRONMENT), "platbase": str(ENVIRONMENT)})


def test_it_has_its_own_history_and_no_other(scratch: Path) -> None:
    here = run("git", "log", "--format=%s", "--", SERVICE, folder=ROOT).splitlines()
    there = run("git", "log", "--format=%s", folder=scratch / "currency").splitlines()
    assert there == here
    assert len(there) > 1
    changed = set(run("git", "log", "--format=", "--name-only", folder=scratch / "currency").split())
    assert {"pyproject.toml", "service.yaml", "tests/test_rates.py"} <= changed
    assert not any(path.startswith(("services/", "infra/")) for path in changed)


def test_it_has_the_files_that_the_folder_had(scratch: Path) -> None:
    here = run("git", "ls-tree", "-r", f"HEAD:{SERVICE}", folder=scratch / "boutique")
    assert run("git", "ls-tree", "-r", "HEAD", folder=scratch / "currency") == here


def test_its_tests_pass_there_alone(currency: Path, python: Path) -> None:
    told = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=currency, PYTHONPATH=others())
    assert re.search(r"\d{2,} passed", told), told


def test_nothing_of_this_repository_is_on_its_path(currency: Path, python: Path) -> None:
    for package in ("boutique_currency", "boutique_runtime", "boutique_testing", "hipstershop"):
        script = f"import {package}; print({package}.__file__)"
        found = run(python, "-c", script, folder=currency, PYTHONPATH=others()).strip()
        assert Path(found).is_relative_to(currency / ".venv"), found
    with pytest.raises(AssertionError, match="No module named 'boutique_cart'"):
        run(python, "-c", "import boutique_cart", folder=currency, PYTHONPATH=others())


def test_it_is_built_there(currency: Path, python: Path) -> None:
    options = ("--quiet", "--wheel", "--no-build-isolation", "--python", python)
    run(ENVIRONMENT / "bin" / "uv", "build", *options, folder=currency, PYTHONPATH=others())
    (wheel,) = (currency / "dist").glob("*.whl")
    assert wheel.name == "boutique_currency-0.1.0-py3-none-any.whl"
