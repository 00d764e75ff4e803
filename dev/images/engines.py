"""What builds images: Docker, podman or buildah, whichever is there."""

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

_PATIENCE = 20  # seconds, with an engine that may be starting


@dataclass(frozen=True)
class Login:
    """To a registry, by its host."""

    registry: str
    username: str
    password: str = field(repr=False)


class Engine(Protocol):
    """Builds images into a storage and takes them out of it."""

    @property
    def name(self) -> str: ...

    def images(self) -> dict[str, str]:
        """The shop's images that are there: the digest of each by its reference."""

    def build(self, recipe: Recipe) -> None:
        """Builds an image."""

    def save(self, references: Sequence[str], archive: Path) -> None:
        """Writes images to one archive that containerd can import, each layer once."""

    def push(self, destinations: Mapping[str, str], login: Login) -> None:
        """Pushes each image, by its reference, to its destination in the registry of the login, which is forgotten."""

    def remove(self) -> None:
        """Removes the shop's images, and all else that building them left."""


def find_engine(directory: Path, progress: Progress) -> Engine:
    """The engine to use, with a directory for its files; installs podman where there is none and it can."""
    if _succeeds("docker", "version", "--format", "{{.Server.Version}}"):
        return Docker()
    # Elsewhere podman is but a client of a virtual machine, where no directory of ours is its storage.
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
        "Building images takes Docker, podman or buildah, and none answers. Start Docker, or install one of them; "
        "as root on Debian, podman is installed for you. `make shop` runs the shop without images."
    )


class Docker:
    """Docker's engine, with BuildKit."""

    name = "docker"

    def images(self) -> dict[str, str]:
        return _listed(_run("docker", "images", "--no-trunc", *_listing("Repository")))

    def build(self, recipe: Recipe) -> None:
        # Debian's docker.io comes without buildx, but its engine has BuildKit all the same.
        command = ["buildx", "build", "--load"] if _succeeds("docker", "buildx", "version") else ["build"]
        _run(
            *("docker", *command, "--quiet", "--build-arg", "SOURCE_DATE_EPOCH=0", *_what(recipe)),
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
    """buildah, with a storage of its own."""

    name = "buildah"

    def __init__(self, directory: Path) -> None:
        self._storage = directory / "storage"
        self._run_directory = _run_directory(directory)
        self._layout = directory / "layout"

    def images(self) -> dict[str, str]:
        return _listed(self._run("images", "--no-trunc", *_listing("Name")))

    def build(self, recipe: Recipe) -> None:
        # Every file is dated 1970, so that the same input gives the same image; nothing but chroot works everywhere.
        self._run("build", "--quiet", "--layers", "--timestamp", "0", "--isolation", "chroot", *_what(recipe))

    def save(self, references: Sequence[str], archive: Path) -> None:
        there = oci.references(self._layout)
        quickly = ("--quiet", "--compression-format", "zstd", "--compression-level", "1")
        for reference in references:
            if reference not in there:
                self._run("push", *quickly, reference, f"oci:{self._layout}:{reference}")
        with _unfinished(archive) as unfinished:
            oci.write_archive(self._layout, references, unfinished)

    def push(self, destinations: Mapping[str, str], login: Login) -> None:
        with tempfile.TemporaryDirectory() as directory:
            authorization = ("--authfile", str(Path(directory) / "authorization.json"))
            self._run(*_log_in(login), *authorization, standard_input=login.password)
            for reference, destination in destinations.items():
                self._run("push", "--quiet", *authorization, reference, f"docker://{destination}")

    def remove(self) -> None:
        """Removes the whole storage, which holds nothing but images of ours."""
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        ours = (self._storage, self._run_directory)
        for mount in reversed([mount for mount in mounts if any(map(Path(mount).is_relative_to, ours))]):
            _run("umount", mount)
        # Without root, some files belong to users that only the engine's own namespace can speak for.
        unshare = () if os.geteuid() == 0 else (self.name, "unshare")
        _run(*unshare, "rm", "-rf", str(self._storage), str(self._layout), str(self._run_directory))

    def _run(self, *arguments: str, standard_input: str | None = None) -> str:
        storage = ("--root", str(self._storage / "root"), "--runroot", str(self._run_directory))
        return _run(self.name, *storage, *arguments, standard_input=standard_input)


class Podman(Buildah):
    """Podman, which builds with the same commands."""

    name = "podman"

    def images(self) -> dict[str, str]:
        return _listed(self._run("images", "--no-trunc", *_listing("Repository")))

    def save(self, references: Sequence[str], archive: Path) -> None:
        with _unfinished(archive) as unfinished:
            self._run("save", "--quiet", "--multi-image-archive", "--output", str(unfinished), *references)


def _run_directory(directory: Path) -> Path:
    """Where an engine keeps its locks and mounts. Podman wants it short, at most 50 characters, and always the same."""
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
    """The password comes by standard input, where no list of processes shows it."""
    return "login", "--username", login.username, "--password-stdin", login.registry


def _what(recipe: Recipe) -> list[str]:
    arguments = [word for item in recipe.arguments.items() for word in ("--build-arg", "=".join(item))]
    target = ["--target", recipe.target] if recipe.target else []
    return [*arguments, *target, "--tag", recipe.reference, "--file", str(recipe.dockerfile), str(recipe.context)]


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A path to write to; what is there at the end of the block gets the name that was wanted."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    yield unfinished
    unfinished.replace(path)


def _succeeds(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _run(*command: str, standard_input: str | None = None, **environment: str) -> str:
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, input=standard_input, env={**os.environ, **environment}
    )
    if finished.returncode != 0:
        raise ActionableError(f"`{' '.join(command)}` failed:\n{finished.stderr.strip()}")
    return finished.stdout
