"""Resolves dependencies into lock files with hashes: one for development, others for what goes into images."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from dev.errors import ActionableError
from dev.virtual_environment import ENVIRONMENT, ROOT, workspace_members

_OPTIONS = ["--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
_SCANNER = ROOT / "cli" / "scan"
_SHARED = ("contract", "runtime")
"""The libraries in every service's image."""
_OWN_LOCK = "requirements.lock"
"""The file in a service's folder with the dependencies of its image only."""


def write_lock_files() -> None:
    """Writes requirements.lock, and from its versions the lock files of the images.

    The scanner's lock file is independent of the others.
    """
    projects = [member / "pyproject.toml" for member in workspace_members()[1:]]
    own = [project for project in projects if project.with_name(_OWN_LOCK).exists()]
    in_images = [path for path in projects if path.with_name("service.yaml").exists() or path.parent.name in _SHARED]
    _compile([ROOT / "pyproject.toml", *projects], ROOT / "requirements.lock", ["--group=dev"])
    constraint = [f"--constraint={ROOT / 'requirements.lock'}"]
    _compile([path for path in in_images if path not in own], ROOT / "services" / "requirements.lock", constraint)
    shared = re.findall(r"^([a-z0-9-]+)==", (ROOT / "services" / "requirements.lock").read_text(), re.MULTILINE)
    for project in own:
        _compile([project], project.with_name(_OWN_LOCK), [*constraint, *_left_out(shared)])
    _compile([_SCANNER / "requirements.in"], _SCANNER / "requirements.lock", [])


def _compile(projects: list[Path], output: Path, options: list[str]) -> None:
    members = _left_out(f"boutique-{member.name}" for member in workspace_members()[1:])
    command = [str(ENVIRONMENT / "bin" / "uv"), "pip", "compile", "--quiet", "--no-header", *_OPTIONS]
    outcome = subprocess.run(
        [*command, *members, *options, f"--output-file={output}", *map(str, projects)],
        check=False,
        capture_output=True,
        text=True,
    )
    if outcome.returncode != 0:
        raise ActionableError(f"{output.relative_to(ROOT)} could not be resolved:\n{outcome.stderr.strip()}")


def _left_out(packages: Iterable[str]) -> list[str]:
    return [f"--no-emit-package={package}" for package in packages]
