"""Has Trivy look through images for what is known to be vulnerable, and has been mended by its makers."""

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
"""The status by which it says that it found something, and did not fail."""
_OPTIONS = (
    "--scanners",
    "vuln",
    "--severity",
    "HIGH,CRITICAL",
    "--ignore-unfixed",
    "--exit-code",
    str(_FOUND),
    "--quiet",
)


def vulnerabilities(services: Sequence[str]) -> int:
    """Builds the services' images; answers the exit status: 1 where something is found.

    Raises ActionableError where Trivy or its database cannot be had.
    """
    with Progress() as progress, tempfile.TemporaryDirectory() as directory:
        trivy = ensure(["trivy"], progress).command("trivy")
        archives = image_build.archives(
            ROOT, services, Path(directory), uv=ENVIRONMENT / "bin" / "uv", progress=progress
        )
        return scan(trivy, archives)


def scan(trivy: Path, archives: dict[str, Path]) -> int:
    """Answers 1 where something is found in one of the archives. Raises ActionableError where Trivy cannot look."""
    found = [name for name, archive in archives.items() if not _is_clean(trivy, name, archive)]
    print(f"\nVulnerable: {', '.join(found)}." if found else f"\nNothing is found in {', '.join(archives)}.")
    return 1 if found else 0


def _is_clean(trivy: Path, name: str, archive: Path) -> bool:
    ran = subprocess.run(
        [trivy, "image", *_OPTIONS, "--input", archive],
        check=False,
        capture_output=True,
        text=True,
    )
    print(ran.stdout, end="", flush=True)
    if ran.returncode not in {0, _FOUND}:
        raise ActionableError(
            f"Trivy could not look through the image of {name}. It needs its database, of mirror.gcr.io or ghcr.io:\n"
            f"{ran.stderr.strip()[-2000:]}"
        )
    return ran.returncode == 0
