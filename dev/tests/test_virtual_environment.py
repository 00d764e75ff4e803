"""How the command starts on a machine that has only some Python."""

import ast
import sys
from pathlib import Path

import pytest

from dev.errors import ActionableError
from dev.virtual_environment import ROOT, ensure_environment

BEFORE_INSTALLATION = ("boutique", "dev/__init__.py", "dev/errors.py", "dev/virtual_environment.py")


@pytest.mark.parametrize("file", BEFORE_INSTALLATION)
def test_code_that_runs_before_the_installation_parses_on_python_3_9(file: str) -> None:
    ast.parse((ROOT / file).read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("file", BEFORE_INSTALLATION)
def test_code_that_runs_before_the_installation_imports_only_the_standard_library(file: str) -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names | {"dev"}


@pytest.fixture
def old_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Python 3.9, and a PATH with only this directory."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_an_old_python_gets_one_line_that_names_the_version_to_install(old_python: Path) -> None:
    with pytest.raises(ActionableError, match=r"^Boutique needs Python 3\.11 or newer, and this is .*$"):
        ensure_environment(old_python / ".venv")


def test_an_old_python_lets_uv_fetch_a_newer_one(old_python: Path) -> None:
    uv = old_python / "uv"
    uv.write_text('#!/bin/sh\necho "$@" > "$0.arguments"\nexit 1\n')
    uv.chmod(0o755)
    with pytest.raises(ActionableError, match="uv venv"):
        ensure_environment(old_python / ".venv")
    assert "--python >=3.11" in (old_python / "uv.arguments").read_text()
