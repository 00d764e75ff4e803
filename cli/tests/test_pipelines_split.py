"""Tests that a service works in a repository of its own after the commands of docs/split-a-service.md."""

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
    """Returns the document's first block of code in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    """Runs a command without this repository's settings and without this machine's git configuration."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "PATH", "TMPDIR"}}
    environment = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **variables}
    ran = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clones this repository as committed, and splits off `currency` with the document's commands."""
    scratch = tmp_path_factory.mktemp("split")
    run("git", "clone", "--quiet", f"file://{ROOT}", "boutique", folder=scratch)
    run("bash", "-eo", "pipefail", "-c", block("sh"), folder=scratch / "boutique")
    return scratch


@pytest.fixture(scope="module")
def currency(scratch: Path) -> Path:
    """Returns the service's repository, which takes the shared libraries from the clone's revision."""
    revision = run("git", "rev-parse", "HEAD", folder=scratch / "boutique").strip()
    file = scratch / "currency" / "pyproject.toml"
    kept, _, replaced = file.read_text().partition("[tool.uv.sources]")
    assert "[" not in replaced.replace("{ workspace", ""), "the table is not the last one"
    filled = block("toml").replace("<this repository>", f"file://{scratch}/boutique").replace("<revision>", revision)
    file.write_text(kept + filled)
    return file.parent


@pytest.fixture(scope="module")
def python(currency: Path) -> Path:
    """Returns the Python of a virtual environment that has only the service and the shared libraries.

    PYTHONPATH adds the third-party packages of this workspace's virtual environment, so that no network is needed. It
    does not add the workspace's own packages, which are installed as editable.
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


def test_the_new_repository_has_only_the_services_history(scratch: Path) -> None:
    here = run("git", "log", "--format=%s", "--", SERVICE, folder=ROOT).splitlines()
    there = run("git", "log", "--format=%s", folder=scratch / "currency").splitlines()
    assert there == here
    assert len(there) > 1
    changed = set(run("git", "log", "--format=", "--name-only", folder=scratch / "currency").split())
    assert {"pyproject.toml", "service.yaml", "tests/test_rates.py"} <= changed
    assert not any(path.startswith(("services/", "infra/")) for path in changed)


def test_the_new_repository_has_the_folders_files(scratch: Path) -> None:
    here = run("git", "ls-tree", "-r", f"HEAD:{SERVICE}", folder=scratch / "boutique")
    assert run("git", "ls-tree", "-r", "HEAD", folder=scratch / "currency") == here


def test_the_services_tests_pass_there(currency: Path, python: Path) -> None:
    output = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=currency, PYTHONPATH=others())
    assert re.search(r"\d{2,} passed", output), output


def test_the_service_imports_nothing_from_this_repository(currency: Path, python: Path) -> None:
    for package in ("boutique_currency", "boutique_runtime", "boutique_testing", "hipstershop"):
        script = f"import {package}; print({package}.__file__)"
        found = run(python, "-c", script, folder=currency, PYTHONPATH=others()).strip()
        assert Path(found).is_relative_to(currency / ".venv"), found
    with pytest.raises(AssertionError, match="No module named 'boutique_cart'"):
        run(python, "-c", "import boutique_cart", folder=currency, PYTHONPATH=others())


def test_its_wheel_is_built_there(currency: Path, python: Path) -> None:
    options = ("--quiet", "--wheel", "--no-build-isolation", "--python", python)
    run(ENVIRONMENT / "bin" / "uv", "build", *options, folder=currency, PYTHONPATH=others())
    (wheel,) = (currency / "dist").glob("*.whl")
    assert wheel.name == "boutique_currency-0.1.0-py3-none-any.whl"
