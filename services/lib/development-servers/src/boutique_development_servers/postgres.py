"""Starts a Postgres server from a Python package, even as root, and streaming replicas of it."""

import contextlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boutique_development_servers.processes import free_port, running

_NOBODY = 65534
_REPLAY_SECONDS = 30


@dataclass(frozen=True)
class PostgresServer:
    """A running Postgres on 127.0.0.1. The superuser `postgres` needs no password."""

    port: int
    programs: Path
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        """Returns "host:port"."""
        return f"127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def new_database(self) -> Iterator[str]:
        """Creates an empty database, yields its name, and drops it afterwards."""
        name = f"test_{uuid.uuid4().hex}"
        self.ask(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            self.ask(f'DROP DATABASE "{name}" WITH (FORCE)')

    def ask(self, statement: str, database: str = "postgres") -> str:
        """Runs one statement and returns its rows, one per line, with "|" between columns."""
        command: list[str | Path] = [self.programs / "psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", "postgres", "-d", database, "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def wait_for_replica(self, replica: "PostgresServer") -> None:
        """Waits until the replica has everything committed here so far. Raises TimeoutError."""
        position = self.ask("SELECT pg_current_wal_lsn()")
        deadline = time.monotonic() + _REPLAY_SECONDS
        while replica.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn") != "t":
            if time.monotonic() > deadline:
                raise TimeoutError(f"the replica did not reach {position} in {_REPLAY_SECONDS} seconds")

    def stop(self) -> None:
        """Stops the server without waiting for clients to disconnect."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


@contextlib.contextmanager
def start_postgres(programs: Path | None = None) -> Iterator[PostgresServer]:
    """Starts a Postgres on a free port with a new data directory.

    Postgres refuses to run as root, so root starts it as the user nobody.

    Args:
        programs: The directory of Postgres's programs; None for those of the Python package.
    """
    with _new_directory() as directory:
        programs = programs or programs_from_wheel(directory)
        data = directory / "data"
        create: list[str | Path] = [programs / "initdb", "--no-sync", "-A", "trust", "-U", "postgres"]
        create += ["-E", "UTF8", "--locale", "C", "-D", data]
        _run(create)
        with _serve(programs, data) as server:
            yield server


@contextlib.contextmanager
def start_replica(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Starts a streaming replica of all databases of the primary, on a free port."""
    with _new_directory() as directory:
        data = directory / "data"
        copy: list[str | Path] = [primary.programs / "pg_basebackup", "--no-sync", "--checkpoint", "fast"]
        copy += ["--write-recovery-conf", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres", "-D", data]
        _run(copy)
        with _serve(primary.programs, data) as server:
            yield server


def server_user() -> int | None:
    """Returns the id of the user that Postgres must run as; None for the current user. Postgres refuses root."""
    return _NOBODY if os.geteuid() == 0 else None


@contextlib.contextmanager
def _new_directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="boutique-postgres-") as name:
        directory = Path(name)
        if (user := server_user()) is not None:
            os.chown(directory, user, user)
        yield directory


def _run(command: Sequence[str | Path]) -> None:
    subprocess.run(command, check=True, capture_output=True, user=server_user(), group=server_user())


@contextlib.contextmanager
def _serve(programs: Path, data: Path) -> Iterator[PostgresServer]:
    port = free_port()
    command: list[str | Path] = [
        programs / "postgres",
        "-D",
        data,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        data,
        "-F",
    ]
    ready: list[str | Path] = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    with running(
        command,
        log=data.with_name("postgres.log"),
        ready=lambda: subprocess.run(ready, check=False).returncode == 0,
        user=server_user(),
    ) as process:
        yield PostgresServer(port, programs, process)


def programs_from_wheel(directory: Path) -> Path:
    """Returns the directory of the package's programs. For root, it is a copy in `directory` for the user nobody."""
    package = Path(str(importlib.metadata.distribution("pgserver").locate_file("pgserver")))
    if server_user() is not None:
        # Another user may not be able to read a virtual environment in a home directory. The programs find the
        # package's libraries by relative paths, so the copies have the same layout.
        libraries = package.with_name("pgserver.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, directory / libraries.name)
        package = shutil.copytree(package, directory / package.name, symlinks=True)
    return package / "pginstall" / "bin"
