"""Builds root file systems from Debian packages, for images that cannot be pulled.

The host's apt finds, downloads, and verifies the packages, with its mirrors, proxies, and keys. They are unpacked and
not installed: no maintainer script runs, so this needs no root, and the same packages give the same bytes.
"""

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from dev.errors import ActionableError
from dev.progress import Progress

_DIRECTORY = Path(__file__).parent
_SPACE_NEEDED = 1 << 30
_APT = [
    "--quiet=2",
    *("-o", "APT::Install-Recommends=false"),
    *("-o", "APT::Sandbox::User="),  # apt's own user cannot write to this user's cache
    *("-o", "Debug::NoLocking=true"),  # nothing on the host is changed
    *("-o", "Dir::Cache::pkgcache="),
    *("-o", "Dir::Cache::srcpkgcache="),
]
_MERGED_INTO_USR = ("bin", "lib", "lib64", "sbin")
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_UNUSED = re.compile(
    r"usr/share/(bash-completion|bug|debconf|info|lintian|locale|man|perl5|postgresql-common)/"
    r"|usr/share/doc/(?!.*/copyright$)"
    r"|usr/share/postgresql/\d+/man/"
    r"|usr/lib/postgresql/\d+/lib/(bitcode/|llvmjit)"
    r"|usr/lib/[^/]+/gconv/"
    r"|usr/lib/systemd/"
    r"|etc/(cron\.d|cron\.daily|default|init\.d|logrotate\.d)/"
    r"|var/"
)


@dataclass(frozen=True)
class User:
    """The user that an image's programs run as."""

    name: str
    id: int


@dataclass(frozen=True)
class Description:
    """The contents of a root file system, from roots.toml."""

    name: str
    packages: tuple[str, ...]
    assumed: tuple[str, ...]
    user: User

    @classmethod
    def read(cls, name: str) -> Self:
        """Reads the description of the image with this name."""
        table: dict[str, Any] = tomllib.loads((_DIRECTORY / "roots.toml").read_text())[name]
        return cls(name, tuple(table["packages"]), tuple(table["assumed"]), User(**table["user"]))

    @property
    def key(self) -> str:
        """A digest of everything that determines the result, except for the packages' versions."""
        code = Path(__file__).read_bytes()
        return hashlib.sha256(repr(self).encode() + _architecture().encode() + code).hexdigest()[:16]


@dataclass(frozen=True)
class Root:
    """A root file system: a tar archive with the list of its packages beside it."""

    archive: Path

    @property
    def digest(self) -> str:
        """The SHA-256 of the archive when it was built, in hexadecimal."""
        return self.archive.with_suffix(".sha256").read_text().strip()

    @property
    def packages(self) -> dict[str, str]:
        """The version of each package."""
        lines = self.archive.with_suffix(".packages").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def is_whole(self) -> bool:
        """Returns whether the archive exists and is unchanged since it was built."""
        try:
            with self.archive.open("rb") as archive:
                return hashlib.file_digest(archive, "sha256").hexdigest() == self.digest
        except FileNotFoundError:
            return False


def dockerfile(name: str) -> Path:
    """Returns the Dockerfile for an image of a root file system. Its argument ROOT names the archive in the context."""
    return _DIRECTORY / f"{name}.Dockerfile"


def build_roots(descriptions: Sequence[Description], cache: Path, progress: Progress) -> dict[str, Root]:
    """Builds the root file systems that the cache lacks. Returns all of them by name.

    Raises:
        ActionableError: There is no apt, a package is not available, or the disk is too full.
    """
    roots = {about: Root(cache / f"{about.name}-{about.key}.tar") for about in descriptions}
    missing = {about: root for about, root in roots.items() if not root.is_whole()}
    if missing:
        _check_requirements(cache)
        title = f"Building root file systems from Debian packages: {', '.join(about.name for about in missing)}"
        with progress.step(title), tempfile.TemporaryDirectory(dir=cache, prefix="unfinished-") as directory:
            work = Path(directory)
            apt = [*_APT, "-o", f"Dir::State::lists={_with_partial(work / 'lists')}"]
            _run("apt-get", *apt, "update")
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(lambda about: _build(missing[about], about, apt, work / about.name), missing))
    return {about.name: root for about, root in roots.items()}


def _check_requirements(cache: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ActionableError(
            "No base image can be pulled, or built from Debian packages: this machine has no apt-get."
        )
    cache.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(cache).free) < _SPACE_NEEDED:
        raise ActionableError(f"{cache} has {free >> 20} MiB free; building images takes {_SPACE_NEEDED >> 20} MiB.")


def _build(root: Root, description: Description, apt: Sequence[str], work: Path) -> None:
    work.mkdir()
    packages = _fetch(description, apt, work)
    archive = work / "root.tar"
    _write_archive(archive, packages, description.user)
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    versions = sorted("=".join(package.stem.split("_")[:2]).replace("%3a", ":") for package in packages)
    for former in root.archive.parent.glob(f"{description.name}-*"):
        former.unlink()
    root.archive.with_suffix(".sha256").write_text(f"{digest}\n")
    root.archive.with_suffix(".packages").write_text("".join(f"{version}\n" for version in versions))
    archive.replace(root.archive)


def _architecture() -> str:
    return _run("dpkg", "--print-architecture").strip() if shutil.which("dpkg") else os.uname().machine


def _fetch(description: Description, apt: Sequence[str], work: Path) -> list[Path]:
    """Downloads the packages and their dependencies, for a machine that has only the assumed packages."""
    archives, status = _with_partial(work / "archives"), work / "status"
    architecture = _architecture()
    status.write_text(
        "".join(
            f"Package: {package}\nStatus: install ok installed\nVersion: 99:0\nArchitecture: {architecture}\n"
            "Multi-Arch: foreign\nMaintainer: none\nDescription: assumed\n\n"
            for package in description.assumed
        )
    )
    where = ["-o", f"Dir::State::status={status}", "-o", f"Dir::Cache={work}", "-o", f"Dir::Cache::archives={archives}"]
    _run("apt-get", *apt, *where, "--yes", "--download-only", "install", *description.packages)
    packages = sorted(archives.glob("*.deb"))
    if absent := set(description.packages) - {package.name.split("_")[0] for package in packages}:
        raise ActionableError(
            f"apt did not fetch {', '.join(sorted(absent))}. Where its sources are directories of this machine, "
            "use `copy:` in apt's sources instead of `file:`."
        )
    return packages


def _with_partial(directory: Path) -> Path:
    """Creates a directory in the form that apt requires for downloads, and returns it."""
    (directory / "partial").mkdir(parents=True)
    return directory


def _run(*command: str) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise ActionableError(f"`{' '.join(command[:1])}` failed:\n{finished.stderr.strip()}")
    return finished.stdout


def _write_archive(path: Path, packages: Sequence[Path], user: User) -> None:
    with path.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        writer = _Writer(archive)
        for directory in _MERGED_INTO_USR:
            writer.link(directory, f"usr/{directory}")
        writer.file("etc/passwd", _passwd(user))
        writer.file("etc/group", f"root:x:0:\n{user.name}:x:{user.id}:\n".encode())
        writer.directory("tmp", 0o1777)
        for package in packages:
            writer.unpack(package)
        if writer.certificates:
            writer.file(_CERTIFICATES, b"".join(writer.certificates))
            writer.link("usr/lib/ssl/cert.pem", f"/{_CERTIFICATES}")


def _passwd(user: User) -> bytes:
    return f"root:x:0:0:root:/root:/bin/false\n{user.name}:x:{user.id}:{user.id}::/tmp:/bin/false\n".encode()


class _Writer:
    """Adds files to a root file system: owned by root, dated 1970, and each path only once."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._written: set[str] = set()
        self.certificates: list[bytes] = []

    def file(self, path: str, content: bytes) -> None:
        member = tarfile.TarInfo(path)
        member.size = len(content)
        self._add(member, io.BytesIO(content))

    def link(self, path: str, target: str) -> None:
        member = tarfile.TarInfo(path)
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, target, 0o777
        self._add(member)

    def directory(self, path: str, mode: int) -> None:
        member = tarfile.TarInfo(path)
        member.type, member.mode = tarfile.DIRTYPE, mode
        self._add(member)

    def unpack(self, package: Path) -> None:
        command = ["dpkg-deb", "--fsys-tarfile", str(package)]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE) as unpacking,
            tarfile.open(fileobj=unpacking.stdout, mode="r|") as content,
        ):
            for member in content:
                self._adopt(content, member)
        if unpacking.returncode != 0:
            raise ActionableError(f"{package.name} is damaged. Run the command again.")
        # Vulnerability scanners read the packages of an image without a package manager from here.
        name = package.name.split("_")[0]
        self.file(f"var/lib/dpkg/status.d/{name}", _run("dpkg-deb", "--field", str(package)).encode())

    def _adopt(self, content: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = _merged(member.name)
        if path in ("", *_MERGED_INTO_USR) or _UNUSED.match(f"{path}/" if member.isdir() else path):
            return
        data = content.extractfile(member) if member.isreg() else None
        if data and path.startswith("usr/share/ca-certificates/"):
            self.certificates.append(data.read())
            return
        member.name = path
        if member.islnk():
            member.linkname = _merged(member.linkname)
        self._add(member, data)

    def _add(self, member: tarfile.TarInfo, data: IO[bytes] | None = None) -> None:
        if member.name in self._written:
            return
        self._written.add(member.name)
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = 0
        member.mode &= ~0o6000  # nothing may gain privileges
        member.pax_headers = {}
        self._archive.addfile(member, data)


def _merged(name: str) -> str:
    """Returns the path of a package's file, given that /bin, /lib, and the like are links into /usr."""
    path = name.removeprefix(".").strip("/")
    return f"usr/{path}" if path.split("/")[0] in _MERGED_INTO_USR and path not in _MERGED_INTO_USR else path
