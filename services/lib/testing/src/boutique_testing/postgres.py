"""A real Postgres server from a wheel, for a user who may be root, and a streaming replica of it."""

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

from boutique_testing.processes import free_port, running

_NOBODY = 65534
_REPLAY_SECONDS = 30


@dataclass(frozen=True)
class PostgresServer:
    """A running Postgres on 127.0.0.1 with the superuser `postgres`, who needs no password."""

    port: int
    programs: Path
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def new_database(self) -> Iterator[str]:
        """The name of an empty database that is dropped afterwards."""
        name = f"test_{uuid.uuid4().hex}"
        self.ask(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            self.ask(f'DROP DATABASE "{name}" WITH (FORCE)')

    def ask(self, statement: str, database: str = "postgres") -> str:
        """Runs one statement; answers its rows a line each, with "|" between columns."""
        command: list[str | Path] = [self.programs / "psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", "postgres", "-d", database, "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def wait_for_replica(self, replica: "PostgresServer") -> None:
        """Returns once the replica shows all that was committed here so far."""
        position = self.ask("SELECT pg_current_wal_lsn()")
        deadline = time.monotonic() + _REPLAY_SECONDS
        while replica.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn") != "t":
            assert time.monotonic() < deadline, f"the replica did not reach {position} in {_REPLAY_SECONDS} seconds"

    def stop(self) -> None:
        """Stops without waiting for clients to leave."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


@contextlib.contextmanager
def start_postgres(programs: Path | None = None) -> Iterator[PostgresServer]:
    """A Postgres on a free port with a new data directory. Postgres refuses root, so for root it runs as nobody.

    `programs` is the directory of another Postgres's programs than the wheel's.
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
    """A streaming replica of all databases of the primary, on a free port."""
    with _new_directory() as directory:
        data = directory / "data"
        copy: list[str | Path] = [primary.programs / "pg_basebackup", "--no-sync", "--checkpoint", "fast"]
        copy += ["--write-recovery-conf", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres", "-D", data]
        _run(copy)
        with _serve(primary.programs, data) as server:
            yield server


def server_user() -> int | None:
    """Whom Postgres runs as, where that is another than who starts it: it refuses root."""
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
    """The directory of the wheel's programs, where the user who runs them can reach it: below `directory` for root."""
    package = Path(str(importlib.metadata.distribution("pgserver").locate_file("pgserver")))
    if server_user() is not None:
        # Another user may not be able to reach a virtual environment below a home directory. The programs find the
        # wheel's libraries relative to themselves, so the copies lie as the originals do.
        libraries = package.with_name("pgserver.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, directory / libraries.name)
        package = shutil.copytree(package, directory / package.name, symlinks=True)
    return package / "pginstall" / "bin"
