"""Official downloads, each verified against its publisher's checksum file."""

import functools
import hashlib
import re
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from dev.errors import ActionableError
from dev.progress import Step
from dev.toolchain.pins import Download

_REACHABLE_TIMEOUT = 4.0
_READ_TIMEOUT = 30.0
_CHUNK = 1 << 20
_ATTEMPTS = 2
_CHECKSUM_LINE = re.compile(r"^(?P<digest>[0-9a-f]{64})(?:\s+\*?(?P<name>\S+))?\s*$")


class DamagedDownloadError(Exception):
    """Raised if a download does not match its publisher's checksum file."""


def unreachable(urls: Sequence[str]) -> str | None:
    """Returns the host of the first address that does not respond, and why, or None. Takes a few seconds at most."""
    for url in urls:
        if reason := _no_answer(url):
            return f"{urlsplit(url).hostname} {reason}"
    return None


@functools.cache
def _no_answer(url: str) -> str | None:
    result: list[str | None] = []

    def ask() -> None:
        try:
            with _open(url, _REACHABLE_TIMEOUT, method="HEAD"):
                result.append(None)
        except urllib.error.HTTPError as error:
            result.append(f"answers {error.code} {error.reason} for {url}")
        except urllib.error.URLError as error:
            result.append(f"cannot be reached ({getattr(error.reason, 'strerror', None) or error.reason})")
        except (OSError, HTTPException) as error:
            result.append(f"cannot be reached ({error})")

    # Resolving a name has no timeout of its own, so that a thread is left behind where it hangs.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_REACHABLE_TIMEOUT + 1)
    return result[0] if result else f"does not answer within {_REACHABLE_TIMEOUT:g} s"


def download(download: Download, target: Path, step: Step) -> None:
    """Puts the verified files of the download into `target`, executable.

    Raises ActionableError if the download fails, or arrives damaged twice.
    """
    archive = target / Path(urlsplit(download.url).path).name
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _fetch_verified(download, archive, step)
            break
        except (OSError, HTTPException, DamagedDownloadError) as error:
            if attempt == _ATTEMPTS:
                raise ActionableError(f"{download.url} cannot be downloaded: {error}") from error
    if tarfile.is_tarfile(archive):
        _unpack(archive, download, target)
        archive.unlink()
    else:
        archive.replace(target / download.files[0])
    for file in download.files:
        (target / file).chmod(0o755)


def _fetch_verified(download: Download, archive: Path, step: Step) -> None:
    with _open(download.checksums_url, _READ_TIMEOUT) as answer:
        expected = published_digest(answer.read().decode(), archive.name)
    digest = hashlib.sha256()
    with _open(download.url, _READ_TIMEOUT) as answer, archive.open("wb") as file:
        size = int(answer.headers.get("Content-Length", 0))
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            step.update(f"{archive.name}: {file.tell() >> 20} of {size >> 20} MiB")
    if digest.hexdigest() != expected:
        raise DamagedDownloadError(f"its SHA-256 is {digest.hexdigest()}, {download.checksums_url} says {expected}")


def _open(url: str, timeout: float, method: str = "GET") -> HTTPResponse:
    request = urllib.request.Request(url, method=method)  # noqa: S310, the address is pinned in versions.toml
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    return answer


def published_digest(checksums: str, name: str) -> str:
    """Returns the SHA-256 of `name` in a checksum file, which has lines of digest and name, or only one digest.

    Raises DamagedDownloadError if there is none.
    """
    lines = [match for line in checksums.splitlines() if (match := _CHECKSUM_LINE.match(line))]
    for line in lines:
        if line["name"] and Path(line["name"]).name == name:
            return line["digest"]
    if len(lines) == 1 and not lines[0]["name"]:
        return lines[0]["digest"]
    raise DamagedDownloadError(f"the publisher's checksum file has no SHA-256 of {name}")


def _unpack(archive: Path, download: Download, target: Path) -> None:
    """Extracts only the wanted files, into `target` itself, so that no path in an archive leads elsewhere."""
    with tarfile.open(archive) as members:
        for member in members:
            name = Path(member.name).name
            content = members.extractfile(member) if member.isreg() and name in download.files else None
            if content:
                with content, (target / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
    if missing := [file for file in download.files if not (target / file).exists()]:
        raise ActionableError(f"{download.url} lacks {', '.join(missing)}.")
