"""The engines that build images: Docker, podman, or buildah, whichever is installed."""

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dev.errors import ActionableError
from dev.images import oci
from dev.images.recipes import Recipe
from dev.progress import Progress

_START_TIMEOUT_SECONDS = 20
"""An engine may be starting."""


@dataclass(frozen=True)
class Login:
    """The credentials for a registry, which is named by its host."""

    registry: str
    username: str
    password: str = field(repr=False)


class Engine(Protocol):
    """Builds images into its storage and exports them."""

    @property
    def name(self) -> str:
        """The name of the engine's command."""

    def images(self) -> dict[str, str]:
        """Returns the digest of each of the shop's images in the storage, by its reference."""

    def build(self, recipe: Recipe) -> None:
        """Builds an image."""

    def save(self, references: Sequence[str], archive: Path) -> None:
        """Writes images to one archive that containerd can import, each layer once."""

    def push(self, destinations: Mapping[str, str], login: Login) -> None:
        """Pushes each image, by its reference, to its destination in the registry. Logs out afterwards."""

    def remove(self) -> None:
        """Removes the shop's images, and everything else that building them left."""


def find_engine(directory: Path, progress: Progress) -> Engine:
    """Returns the engine to use. Installs podman on Debian if there is no engine and this is root.

    Args:
        directory: The directory for the engine's files.
        progress: Where the installation is shown.
    """
    if _succeeds("docker", "version", "--format", "{{.Server.Version}}"):
        return Docker()
    # On other systems podman is a client of a virtual machine, and cannot keep its storage in this directory.
    for engine in (Podman(directory), Buildah(directory)) if platform.system() == "Linux" else ():
        if shutil.which(engine.name):
            return engine
    if shutil.which("apt-get") and os.geteuid() == 0:
        with progress.step("Installing podman"):
            _run("apt-get", "--quiet=2", "update")
            install = ("apt-get", "--quiet=2", "--yes", "--no-install-recommends", "install")
            _run(*install, "podman", DEBIAN_FRONTEND="noninteractive")
        return Podman(directory)
    raise ActionableError(
        "Building images requires Docker, podman, or buildah, and none of them responds. Start Docker, or install one "
        "of them. `boutique shop` runs the shop without images."
    )


class Docker:
    """Implements Engine with Docker and BuildKit."""

    name = "docker"

    def images(self) -> dict[str, str]:
        return _listed(_run("docker", "images", "--no-trunc", *_listing("Repository")))

    def build(self, recipe: Recipe) -> None:
        # Debian's docker.io comes without buildx, but its engine has BuildKit all the same.
        command = ["buildx", "build", "--load"] if _succeeds("docker", "buildx", "version") else ["build"]
        _run(
            *("docker", *command, "--quiet", "--build-arg", "SOURCE_DATE_EPOCH=0", *_build_arguments(recipe)),
            DOCKER_BUILDKIT="1",
        )

    def save(self, references: Sequence[str], archive: Path) -> None:
        with _unfinished(archive) as unfinished:
            _run("docker", "save", "--output", str(unfinished), *references)

    def push(self, destinations: Mapping[str, str], login: Login) -> None:
        _run("docker", *_log_in(login), standard_input=login.password)
        try:
            for reference, destination in destinations.items():
                _run("docker", "tag", reference, destination)
                _run("docker", "push", "--quiet", destination)
                _run("docker", "image", "rm", destination)
        finally:
            _run("docker", "logout", login.registry)

    def remove(self) -> None:
        if images := self.images():
            _run("docker", "image", "rm", "--force", *images)


class Buildah:
    """Implements Engine with buildah, in a storage of its own."""

    name = "buildah"

    def __init__(self, directory: Path) -> None:
        self._storage = directory / "storage"
        self._run_directory = _run_directory(directory)
        self._layout = directory / "layout"

    def images(self) -> dict[str, str]:
        return _listed(self._run("images", "--no-trunc", *_listing("Name")))

    def build(self, recipe: Recipe) -> None:
        # Every file is dated 1970, so that the same input gives the same image. Only chroot isolation works everywhere.
        self._run(
            "build", "--quiet", "--layers", "--timestamp", "0", "--isolation", "chroot", *_build_arguments(recipe)
        )

    def save(self, references: Sequence[str], archive: Path) -> None:
        existing = oci.references(self._layout)
        fast = ("--quiet", "--compression-format", "zstd", "--compression-level", "1")
        for reference in references:
            if reference not in existing:
                self._run("push", *fast, reference, f"oci:{self._layout}:{reference}")
        with _unfinished(archive) as unfinished:
            oci.write_archive(self._layout, references, unfinished)

    def push(self, destinations: Mapping[str, str], login: Login) -> None:
        with tempfile.TemporaryDirectory() as directory:
            authorization = ("--authfile", str(Path(directory) / "authorization.json"))
            self._run(*_log_in(login), *authorization, standard_input=login.password)
            for reference, destination in destinations.items():
                self._run("push", "--quiet", *authorization, reference, f"docker://{destination}")

    def remove(self) -> None:
        """Removes the whole storage, which holds only the shop's images."""
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        ours = (self._storage, self._run_directory)
        for mount in reversed([mount for mount in mounts if any(map(Path(mount).is_relative_to, ours))]):
            _run("umount", mount)
        # Without root, some files belong to users that exist only in the engine's user namespace.
        unshare = () if os.geteuid() == 0 else (self.name, "unshare")
        _run(*unshare, "rm", "-rf", str(self._storage), str(self._layout), str(self._run_directory))

    def _run(self, *arguments: str, standard_input: str | None = None) -> str:
        storage = ("--root", str(self._storage / "root"), "--runroot", str(self._run_directory))
        return _run(self.name, *storage, *arguments, standard_input=standard_input)


class Podman(Buildah):
    """Implements Engine with podman, which builds with the same commands."""

    name = "podman"

    def images(self) -> dict[str, str]:
        return _listed(self._run("images", "--no-trunc", *_listing("Repository")))

    def save(self, references: Sequence[str], archive: Path) -> None:
        with _unfinished(archive) as unfinished:
            self._run("save", "--quiet", "--multi-image-archive", "--output", str(unfinished), *references)


def _run_directory(directory: Path) -> Path:
    """Returns the directory for an engine's locks and mounts.

    Podman requires at most 50 characters, and the same path every time.
    """
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        base = Path(runtime)
    elif os.geteuid() == 0:
        base = Path("/run")
    else:
        return directory / "run"
    return base / f"boutique-images-{hashlib.sha256(bytes(directory)).hexdigest()[:8]}"


def _listing(name_field: str) -> tuple[str, str]:
    return "--format", f"{{{{.{name_field}}}}}:{{{{.Tag}}}} {{{{.ID}}}}"


def _listed(images: str) -> dict[str, str]:
    lines = [line.split() for line in images.splitlines()]
    return {reference: digest for reference, digest in lines if reference.startswith("boutique.local/")}


def _log_in(login: Login) -> tuple[str, ...]:
    """Returns the arguments for logging in. The password goes to standard input, so that no process list shows it."""
    return "login", "--username", login.username, "--password-stdin", login.registry


def _build_arguments(recipe: Recipe) -> list[str]:
    arguments = [word for item in recipe.arguments.items() for word in ("--build-arg", "=".join(item))]
    target = ["--target", recipe.target] if recipe.target else []
    return [*arguments, *target, "--tag", recipe.reference, "--file", str(recipe.dockerfile), str(recipe.context)]


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Yields a temporary path to write to, which is renamed to the given path at the end of the block."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    yield unfinished
    unfinished.replace(path)


def _succeeds(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_START_TIMEOUT_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _run(*command: str, standard_input: str | None = None, **environment: str) -> str:
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, input=standard_input, env={**os.environ, **environment}
    )
    if finished.returncode != 0:
        raise ActionableError(f"`{' '.join(command)}` failed:\n{finished.stderr.strip()}")
    return finished.stdout
