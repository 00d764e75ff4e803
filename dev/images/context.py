"""Prepares the build context of services/Dockerfile: only what goes into an image, the same on every machine."""

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import yaml

from boutique_definition.service_file import package_name
from dev import toolchain as tools
from dev import web_application as application
from dev.errors import ActionableError
from dev.source_files import copy_source, source_digest
from dev.toolchain import Toolbox

_SHARED = ("services/lib/contract/src", "services/lib/runtime/src")
"""The libraries in every service's image."""
_AWS_SERVICES = ("s3", "secretsmanager")
"""The AWS services that the shop's services use. botocore has 26 MB of data for all of them."""
_UV_PLATFORMS = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


def service_names(repository: Path) -> list[str]:
    """Returns the services whose images are built here, sorted. The source of others is in another repository."""
    files = repository.glob("services/*/service.yaml")
    return sorted(file.parent.name for file in files if (file.parent / "src").is_dir())


def dockerfile(repository: Path) -> Path:
    """Returns the Dockerfile of all services."""
    return repository / "services/Dockerfile"


def runtime_digest(repository: Path) -> str:
    """Returns the SHA-256 of what all services' images share, in hexadecimal."""
    lock = hashlib.sha256(_lock(repository).read_bytes()).hexdigest()
    libraries = [source_digest(repository / library) for library in _SHARED]
    return hashlib.sha256(repr((*libraries, _uv_platform(), lock, *_AWS_SERVICES)).encode()).hexdigest()


def service_digest(repository: Path, service: str) -> str:
    """Returns the SHA-256 of what only this service's image has, in hexadecimal."""
    lock = _own_lock(repository, service)
    others = [_uv_platform(), hashlib.sha256(lock.read_bytes()).hexdigest()] if lock.exists() else []
    others += [tools.identity(program) for program in programs(repository, service)]
    if web_application := application.source(repository, service):
        others.append(source_digest(web_application))
    return source_digest(_source(repository, service), *others)


def programs(repository: Path, service: str) -> list[str]:
    """Returns the tools in the service's image."""
    content = yaml.safe_load((repository / "services" / service / "service.yaml").read_text())
    return list(content.get("programs", ()))


def stage_runtime(repository: Path, destination: Path, *, python: str, uv: Path, cache: Path) -> None:
    """Writes the part of the context that all services share.

    Args:
        repository: The root of the checkout.
        destination: The directory of the context.
        python: The version of Python in the images, such as 3.11.
        uv: The uv command.
        cache: The directory of downloads.
    """
    _install(_lock(repository), destination / "dependencies", python, uv, cache)
    _delete_unused_data(destination / "dependencies")
    shutil.rmtree(destination / "shared", ignore_errors=True)
    for library in _SHARED:
        _copy(repository / library, destination / "shared")


def stage_service(
    repository: Path, destination: Path, service: str, *, python: str, uv: Path, cache: Path, toolbox: Toolbox
) -> None:
    """Writes a service's part of the context: its source, its own dependencies, its web application, and its tools."""
    staged = destination / "services" / service
    shutil.rmtree(staged, ignore_errors=True)
    if (lock := _own_lock(repository, service)).exists():
        _install(lock, staged, python, uv, cache)
    _copy(_source(repository, service), staged)
    if web_application := application.source(repository, service):
        _copy(application.build(web_application, cache), staged / package_name(service) / "application")
    for program in programs(repository, service):
        copy = staged / "bin" / program
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(toolbox.command(program), copy)
        copy.chmod(0o755)
        os.utime(copy, (0, 0))


def _lock(repository: Path) -> Path:
    return repository / "services/requirements.lock"


def _own_lock(repository: Path, service: str) -> Path:
    return repository / "services" / service / "requirements.lock"


def _source(repository: Path, service: str) -> Path:
    return repository / "services" / service / "src"


def _copy(source: Path, destination: Path) -> None:
    copy_source(source, destination)
    _normalise(destination)


def _install(lock: Path, destination: Path, python: str, uv: Path, cache: Path) -> None:
    shutil.rmtree(destination, ignore_errors=True)
    command = [
        *(str(uv), "pip", "install", "--quiet", "--cache-dir", str(cache / "uv"), "--link-mode", "copy"),
        *("--target", str(destination), "--python-version", python, "--python-platform", _uv_platform()),
        *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--requirements", str(lock)),
    ]
    # Outside the workspace, because the overrides in its pyproject.toml would take precedence over the lock.
    cache.mkdir(parents=True, exist_ok=True)
    installed = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cache)
    if installed.returncode != 0:
        raise ActionableError(
            f"The services' dependencies cannot be installed from {lock}:\n{installed.stderr.strip()}"
        )
    # These depend on this machine: scripts start with the path of its Python, and records have their hashes.
    shutil.rmtree(destination / "bin", ignore_errors=True)
    (destination / ".lock").unlink(missing_ok=True)
    for record in destination.glob("*.dist-info/RECORD"):
        record.unlink()
    _normalise(destination)


def _delete_unused_data(dependencies: Path) -> None:
    for data in dependencies.glob("botocore/data/*/"):
        if data.name not in _AWS_SERVICES:
            shutil.rmtree(data)


def _normalise(directory: Path) -> None:
    """Resets modes and times, which depend on who wrote the files and when."""
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (0, 0))


def _uv_platform() -> str:
    machine = platform.machine().lower()
    if machine not in _UV_PLATFORMS:
        raise ActionableError(f"Images cannot be built for this machine's processor, {machine}.")
    return f"{_UV_PLATFORMS[machine]}-manylinux_2_28"
