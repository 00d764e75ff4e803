"""The Python environment that everything but the first steps runs in: `.venv`, of the hashed lock file alone."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev.errors import ActionableError
from dev.progress import Progress

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"

_LOCK = ROOT / "requirements.lock"
_STAMP = ENVIRONMENT / "installed"
_MEMBERS = ("offline", "services/*", "services/lib/*")
_OLDEST_PYTHON = (3, 11)


def ensure_environment(progress: Progress) -> None:
    """Makes `.venv` agree with the lock file and the workspace. Raises ActionableError."""
    if sys.version_info < _OLDEST_PYTHON:
        raise ActionableError(f"Python {sys.version.split()[0]} is too old: Boutique needs Python 3.11 or newer.")
    stamp = _digest()
    if _STAMP.exists() and _STAMP.read_text() == stamp:
        return
    with progress.step("Installing the Python packages of requirements.lock into .venv"):
        _STAMP.unlink(missing_ok=True)
        if not PYTHON.exists():
            _create()
        uv = ENVIRONMENT / "bin" / "uv"
        if not uv.exists():
            _install_uv()
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, _LOCK])
        members = [argument for member in _members() for argument in ("--editable", member)]
        _run([uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--python", PYTHON, *members])
        _STAMP.write_text(stamp)


def continue_in_environment(arguments: list[str]) -> None:
    """Replaces this process by the same command in `.venv`, unless it runs there already."""
    if Path(sys.prefix) != ENVIRONMENT:
        os.execv(PYTHON, [str(PYTHON), "-m", "cli", *arguments])  # noqa: S606 (no shell is wanted)


def _members() -> list[Path]:
    return [ROOT, *sorted(path.parent for pattern in _MEMBERS for path in ROOT.glob(f"{pattern}/pyproject.toml"))]


def _digest() -> str:
    digest = hashlib.sha256(str(ROOT).encode())
    for file in [_LOCK, *(member / "pyproject.toml" for member in _members())]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _create() -> None:
    command = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
    if subprocess.run(command, check=False, capture_output=True).returncode == 0:
        return
    # Debian keeps the part of Python that makes environments in a package of its own.
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-qq", "--yes", "--no-install-recommends", "python3-venv"])
        _run(command)
        return
    raise ActionableError(
        f"{sys.executable} cannot make a virtual environment: install its venv module "
        "(on Debian or Ubuntu: apt-get install python3-venv), then run this again."
    )


def _install_uv() -> None:
    pinned = re.search(r"^uv==.*(?:\n .*)*", _LOCK.read_text(), re.MULTILINE)
    if pinned is None:
        raise ActionableError(f"{_LOCK.name} does not pin uv: it is damaged; restore it.")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pinned.group())
        requirements.flush()
        _run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", requirements.name])


def _run(command: Sequence[str | Path]) -> None:
    outcome = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if outcome.returncode != 0:
        shown = " ".join(map(str, command[:4]))
        raise ActionableError(f"`{shown} …` failed:\n{(outcome.stderr or outcome.stdout).strip()[-2000:]}")
