"""Scans images with Trivy for known vulnerabilities that have a fix."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev import images as image_build
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain import ensure
from dev.virtual_environment import ENVIRONMENT, ROOT

_FOUND = 10
"""The exit status that distinguishes a finding from a failure of Trivy."""
_OPTIONS = "--scanners vuln --severity HIGH,CRITICAL --ignore-unfixed --quiet"


def vulnerabilities(services: Sequence[str]) -> int:
    """Builds and scans the images of services and returns the exit status: 1 if a vulnerability is found.

    Raises ActionableError if Trivy or its database is not available.
    """
    with Progress() as progress, tempfile.TemporaryDirectory() as directory:
        trivy = ensure(["trivy"], progress).command("trivy")
        archives = image_build.archives(
            ROOT, services, Path(directory), uv=ENVIRONMENT / "bin" / "uv", progress=progress
        )
        return scan(trivy, archives)


def scan(trivy: Path, archives: dict[str, Path]) -> int:
    """Scans every archive and returns 1 if one is vulnerable. Raises ActionableError if Trivy fails."""
    found = [name for name, archive in archives.items() if not _is_clean(trivy, name, archive)]
    print(f"\nVulnerable: {', '.join(found)}." if found else f"\nNo vulnerability found in {', '.join(archives)}.")
    return 1 if found else 0


def _is_clean(trivy: Path, name: str, archive: Path) -> bool:
    command = [str(trivy), "image", *_OPTIONS.split(), f"--exit-code={_FOUND}", "--input", str(archive)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    print(result.stdout, end="", flush=True)
    if result.returncode not in {0, _FOUND}:
        raise ActionableError(
            f"Trivy could not scan the image of {name}. It needs its database, from mirror.gcr.io or ghcr.io:\n"
            f"{result.stderr.strip()[-2000:]}"
        )
    return result.returncode == 0
