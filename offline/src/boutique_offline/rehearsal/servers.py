"""Starts and stops the servers of a rehearsal: the account, Cloudflare, the stores, and what EKS does in the cluster.

Like an account, they keep running in the background until `boutique down`. They are one process group, by which they
are found and stopped even if the command that started them has ended.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from dev.emulation import AccountSpecification, ClusterAccess
from dev.errors import ActionableError
from dev.progress import Progress
from dev.virtual_environment import ROOT
from dev.waiting import wait_until

_SPECIFICATION: Final = "specification.json"
_READY_SECONDS: Final = 60.0
_END_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Servers:
    """The addresses of the servers on this machine, and their process group."""

    aws: str
    cloudflare: str
    cloudflare_token: str
    group: int

    def variables(self) -> Mapping[str, str]:
        """Returns the environment variables for the program and the plugins."""
        return {
            "BOUTIQUE_AWS_ENDPOINT": self.aws,
            "BOUTIQUE_CLOUDFLARE_ENDPOINT": self.cloudflare,
            "CLOUDFLARE_API_TOKEN": self.cloudflare_token,
        }

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Reads what `write` wrote. Raises FileNotFoundError if the servers have not responded yet."""
        return cls(**json.loads((directory / "servers.json").read_text()))

    def write(self, directory: Path) -> None:
        """Writes the addresses, once all servers respond."""
        unfinished = directory / "servers.unfinished"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.rename(directory / "servers.json")


def read_specification(directory: Path) -> AccountSpecification:
    """Returns the account that the servers in the directory emulate."""
    values = json.loads((directory / _SPECIFICATION).read_text())
    cluster = values.pop("cluster")
    return AccountSpecification(**values, cluster=ClusterAccess(**cluster) if cluster else None)


def running(directory: Path) -> Servers | None:
    """Returns the servers that were started in the directory, if they still run."""
    with suppress(FileNotFoundError, ProcessLookupError):
        servers = Servers.read(directory)
        os.killpg(servers.group, 0)
        return servers
    return None


def start(directory: Path, specification: AccountSpecification, progress: Progress) -> Servers:
    """Starts the servers. Raises ActionableError with the end of their log if they do not respond in time."""
    stop(directory)
    (directory / "servers.json").unlink(missing_ok=True)
    (directory / _SPECIFICATION).write_text(json.dumps(asdict(specification), indent=2))
    log = directory / "servers.log"
    with progress.step("Starting an emulated AWS account and an emulated Cloudflare"), log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "boutique_offline.rehearsal", str(directory)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        (directory / "group").write_text(str(process.pid))

        def respond() -> bool:
            if process.poll() is not None:
                raise ActionableError(f"The servers did not start. The end of {log}:\n{log.read_text()[-2000:]}")
            return (directory / "servers.json").exists()

        wait_until(respond, _READY_SECONDS, f"The servers do not respond. Their log is {log}.")
    return Servers.read(directory)


def stop(directory: Path) -> None:
    """Stops the servers that were started in the directory; those that do not stop in time are killed."""
    group = directory / "group"
    if not group.exists():
        return
    number = int(group.read_text())
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(number, kind)
        with suppress(ActionableError):
            wait_until(lambda: not _has_processes(number), _END_SECONDS, "The servers do not stop")
            break
    group.unlink()


def _has_processes(group: int) -> bool:
    """Returns whether a process of the group runs. One that has ended but was not waited for does not count."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, found = status.read_text().rpartition(")")[2].split()[:3]
            if int(found) == group and state != "Z":
                return True
    return False
