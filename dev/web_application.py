"""Builds and checks the web application of a service, `services/<name>/application`, with its own npm scripts."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.source_files import copy_source, source_digest
from dev.toolchain.cache import ensure_directory
from dev.virtual_environment import ENVIRONMENT, ROOT

_CHECKS = ("lint", "test")
_LAST_LINES = 15


def source(repository: Path, service: str) -> Path | None:
    """Returns the application's folder, or None if the service has none."""
    folder = repository / "services" / service / "application"
    return folder if (folder / "package.json").exists() else None


def build(source: Path, cache: Path) -> Path:
    """Builds the application unless the cache has it already. Returns the directory of the result.

    Raises:
        ActionableError: A package is not available, or the build fails.
    """
    built = cache / "applications" / source_digest(source)

    def fill(target: Path) -> None:
        work = target / "source"
        copy_source(source, work)
        _install(work, cache)
        _run(work, "build", "--", "--outDir", str(target / "built"), "--emptyOutDir")
        shutil.rmtree(work)

    ensure_directory(built, "the web application", fill)
    return built / "built"


def check_all() -> None:
    """Checks style, types, and tests of every web application. Raises ActionableError with a failure's last lines."""
    for package in sorted(ROOT.glob("services/*/application/package.json")):
        folder = package.parent
        if not _is_installed(folder):
            _install(folder, cache_directory())
        for script in _CHECKS:
            _run(folder, script)


def _is_installed(folder: Path) -> bool:
    """Returns whether `node_modules` matches the lock file. npm leaves its own copy of that in there."""
    installed = folder / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime


def _install(folder: Path, cache: Path) -> None:
    _npm(folder, "ci", "--cache", str(cache / "npm"), "--no-audit", "--no-fund", "--no-update-notifier")


def _run(folder: Path, script: str, *arguments: str) -> None:
    _npm(folder, "run", "--silent", script, *arguments)


def _npm(folder: Path, *arguments: str) -> None:
    ran = subprocess.run(
        [ENVIRONMENT / "bin" / "npm", *arguments],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        output = "\n  ".join(ran.stdout.strip().splitlines()[-_LAST_LINES:])
        raise ActionableError(f"`npm {' '.join(arguments[:3])}` failed in {folder}:\n  {output}")


def _environment() -> Mapping[str, str]:
    """Returns environment variables whose PATH starts with the pinned Node.js, which npm's scripts look for."""
    return {**os.environ, "PATH": os.pathsep.join([str(ENVIRONMENT / "bin"), os.environ.get("PATH", os.defpath)])}
