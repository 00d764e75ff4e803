"""The servers of a rehearsal: the account, Cloudflare, the managed stores, and what EKS does in the cluster.

They live on in the background until `make down`, as the account that they stand in for would. All are in one process
group, by which they are found and ended, whatever became of the run that started them.
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

from dev.emulation import ClusterAccess
from dev.errors import ActionableError
from dev.progress import Progress
from dev.virtual_environment import ROOT
from dev.waiting import wait_until

_SPECIFICATION: Final = "specification.json"
_READY_SECONDS: Final = 60.0
_END_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Servers:
    """Where they are reached from this machine; `group` is their process group."""

    aws: str
    cloudflare: str
    cloudflare_token: str
    group: int

    def variables(self) -> Mapping[str, str]:
        """What the program and the provider plugins are told by the environment."""
        return {
            "BOUTIQUE_AWS_ENDPOINT": self.aws,
            "BOUTIQUE_CLOUDFLARE_ENDPOINT": self.cloudflare,
            "CLOUDFLARE_API_TOKEN": self.cloudflare_token,
        }

    @classmethod
    def read(cls, directory: Path) -> Self:
        return cls(**json.loads((directory / "servers.json").read_text()))

    def write(self, directory: Path) -> None:
        """Written last of all: where it is, they answer."""
        unfinished = directory / "servers.unfinished"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.rename(directory / "servers.json")


@dataclass(frozen=True)
class Specification:
    """What the servers are of. `zones` are Cloudflare's, each as "name=id". Without a cluster there are no stores."""

    account: str
    region: str
    zones: list[str]
    cluster: ClusterAccess | None = None

    @classmethod
    def read(cls, directory: Path) -> Self:
        values = json.loads((directory / _SPECIFICATION).read_text())
        cluster = values.pop("cluster")
        return cls(**values, cluster=ClusterAccess(**cluster) if cluster else None)

    def write(self, directory: Path) -> None:
        (directory / _SPECIFICATION).write_text(json.dumps(asdict(self), indent=2))


def running(directory: Path) -> Servers | None:
    """The servers that were started in the directory, if they still run."""
    with suppress(FileNotFoundError, ProcessLookupError):
        servers = Servers.read(directory)
        os.killpg(servers.group, 0)
        return servers
    return None


def start(directory: Path, specification: Specification, progress: Progress) -> Servers:
    """Starts them. Raises ActionableError with the last lines of their log where they do not answer in time."""
    stop(directory)
    (directory / "servers.json").unlink(missing_ok=True)
    specification.write(directory)
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

        def answers() -> bool:
            if process.poll() is not None:
                raise ActionableError(f"They ended at once; {log} ends with:\n{log.read_text()[-2000:]}")
            return (directory / "servers.json").exists()

        wait_until(answers, _READY_SECONDS, f"They do not answer; their log is {log}")
    return Servers.read(directory)


def stop(directory: Path) -> None:
    """Ends those that were started in the directory, with time to end what they have started themselves."""
    _end(directory, signal.SIGTERM, signal.SIGKILL)


def kill(directory: Path) -> None:
    """Ends them at once, which those without a cluster have nothing against."""
    _end(directory, signal.SIGKILL)


def _end(directory: Path, *kinds: signal.Signals) -> None:
    group = directory / "group"
    if not group.exists():
        return
    number = int(group.read_text())
    for kind in kinds:
        with suppress(ProcessLookupError):
            os.killpg(number, kind)
        with suppress(ActionableError):
            wait_until(lambda: not _lives(number), _END_SECONDS, "The rehearsal's servers do not end")
            break
    group.unlink()


def _lives(group: int) -> bool:
    """Whether a process of the group has not ended; one that nobody has asked after yet has."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, found = status.read_text().rpartition(")")[2].split()[:3]
            if int(found) == group and state != "Z":
                return True
    return False
