"""The virtual environment that every command runs in: `.venv`, with exactly what the lock file names.

This module and those it imports run before anything is installed. They need only the standard library, and they
still parse on Python 3.9, so that an old Python gets a message and not a syntax error.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dev.errors import ActionableError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"

_LOCK = ROOT / "requirements.lock"
_OLDEST_PYTHON = (3, 11)
_MEMBERS = ("offline", "services/*", "services/lib/*")
"""The workspace's packages beside the root; pyproject.toml has the same list for uv."""


def run_command(arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by the command in the virtual environment. Exits with 1 if that cannot be created."""
    try:
        ensure_environment()
    except ActionableError as error:
        sys.exit(f"\n{error}")
    os.execv(PYTHON, [str(PYTHON), "-m", "cli", *arguments])  # noqa: S606 (no shell is wanted)


def ensure_environment(environment: Path = ENVIRONMENT) -> None:
    """Makes the virtual environment match the lock file and the workspace.

    Raises:
        ActionableError: Python is too old, or a package cannot be installed.
    """
    installed, digest = environment / "installed", _digest()
    if installed.exists() and installed.read_text() == digest:
        return
    started = time.monotonic()
    print(f"Installing the Python packages of {_LOCK.name} into {environment.name} …", file=sys.stderr)
    installed.unlink(missing_ok=True)
    python, uv = environment / "bin" / "python", environment / "bin" / "uv"
    if not python.exists():
        _create(environment)
    if not uv.exists():
        _install_uv(python)
    _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, _LOCK])
    members = [argument for member in workspace_members() for argument in ("--editable", member)]
    _run([uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--python", python, *members])
    installed.write_text(digest)
    print(f"✓ Installed ({time.monotonic() - started:.0f} s)", file=sys.stderr)


def workspace_members() -> list[Path]:
    """Returns the folder of every package of the workspace, the root first."""
    projects = (path for pattern in _MEMBERS for path in ROOT.glob(f"{pattern}/pyproject.toml"))
    return [ROOT, *sorted(path.parent for path in projects)]


def _digest() -> str:
    digest = hashlib.sha256(str(ROOT).encode())
    for file in [_LOCK, *(member / "pyproject.toml" for member in workspace_members())]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _create(environment: Path) -> None:
    if sys.version_info < _OLDEST_PYTHON:
        _create_with_newer_python(environment)
        return
    command = [sys.executable, "-m", "venv", "--clear", str(environment)]
    if subprocess.run(command, check=False, capture_output=True).returncode == 0:
        return
    # Debian keeps the part of Python that creates virtual environments in a package of its own.
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-qq", "--yes", "--no-install-recommends", "python3-venv"])
        _run(command)
        return
    raise ActionableError(
        f"{sys.executable} cannot create a virtual environment: install its venv module "
        "(on Debian or Ubuntu: apt-get install python3-venv), then run the command again."
    )


def _create_with_newer_python(environment: Path) -> None:
    """Lets uv find or fetch a Python that is new enough."""
    oldest = ".".join(map(str, _OLDEST_PYTHON))
    uv = shutil.which("uv")
    if uv is None:
        raise ActionableError(
            f"Boutique needs Python {oldest} or newer, and this is {sys.version.split()[0]}: install it and run the "
            f"command with it (make PYTHON=python{oldest}), or install uv, which fetches it."
        )
    _run([uv, "venv", "--quiet", "--seed", "--clear", "--python", f">={oldest}", environment])


def _install_uv(python: Path) -> None:
    pinned = re.search(r"^uv==.*(?:\n .*)*", _LOCK.read_text(), re.MULTILINE)
    if pinned is None:
        raise ActionableError(f"{_LOCK.name} does not pin uv: restore the file from git.")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pinned.group())
        requirements.flush()
        _run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", requirements.name])


def _run(command: Sequence[str | Path]) -> None:
    process = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if process.returncode != 0:
        shown = " ".join(map(str, command[:4]))
        raise ActionableError(f"`{shown} …` failed:\n{(process.stderr or process.stdout).strip()[-2000:]}")
