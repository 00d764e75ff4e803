"""Programs from Debian's packages that the node runs.

Most are unpacked in the user's cache and not installed, so none starts by itself or has to be removed.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain.cache import ensure_directory

_UNPACKED: Final = ("containerd", "runc", "containernetworking-plugins", "catatonit")
# Commands that change the host. None of their packages has a service.
_INSTALLED: Final = {
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "modprobe": "kmod",
    "openssl": "openssl",
}
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def ensure_packages(progress: Progress) -> Path:
    """Returns the directory with the unpacked packages. Raises ActionableError if they are not available."""
    missing = [package for command, package in _INSTALLED.items() if not shutil.which(command, path=_SYSTEM_PATH)]
    versions = _candidates()
    if missing or not versions:
        with progress.step("Updating the list of Debian's packages"):
            _apt("apt-get", "--quiet=2", "update")
        versions = _candidates()
    if not versions:
        raise ActionableError(
            f"Debian's packages {', '.join(_UNPACKED)} are not available from this machine's sources."
        )
    if missing:
        with progress.step(f"Installing {', '.join(missing)}"):
            _apt("apt-get", "--quiet=2", "--yes", "--no-install-recommends", "install", *missing)
    directory = cache_directory() / "tools/debian" / hashlib.sha256(" ".join(versions).encode()).hexdigest()[:12]

    def fill(target: Path) -> None:
        with progress.step(f"Downloading {', '.join(_UNPACKED)}"):
            _unpack(versions, target)

    ensure_directory(directory, "Debian's packages", fill, progress)
    return directory


def _candidates() -> list[str]:
    """Returns each package with the version that apt would install, or [] if it does not know all of them."""
    policy = _apt("apt-cache", "policy", *_UNPACKED)
    versions = re.findall(r"^(\S+):\n.*\n  Candidate: (\S+)$", policy, re.MULTILINE)
    known = [f"{package}={version}" for package, version in versions if version != "(none)"]
    return known if len(known) == len(_UNPACKED) else []


def _unpack(versions: list[str], target: Path) -> None:
    # apt verifies the packages against the signed lists, as it does when it installs them.
    _apt("apt-get", "--quiet=2", "download", *versions, directory=target)
    for package in target.glob("*.deb"):
        _apt("dpkg-deb", "--extract", str(package), str(target))
        package.unlink()


def _apt(*command: str, directory: Path | None = None) -> str:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        return subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=directory, env=environment
        ).stdout
    except subprocess.CalledProcessError as error:
        raise ActionableError(f"{' '.join(command)} failed:\n  {error.stderr.strip()}") from error
