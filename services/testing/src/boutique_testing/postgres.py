"""A real Postgres server from a wheel, for a user who may be root."""

import contextlib
import importlib.resources
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boutique_testing.processes import free_port, running

_NOBODY = 65534


@dataclass(frozen=True)
class PostgresServer:
    """A running Postgres on 127.0.0.1 with the superuser `postgres`, who needs no password."""

    port: int
    programs: Path

    @contextlib.contextmanager
    def new_database(self) -> Iterator[str]:
        """The name of an empty database that is dropped afterwards."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        subprocess.run(
            [
                self.programs / "psql",
                "-qXh",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "postgres",
                "-c",
                statement,
            ],
            check=True,
            capture_output=True,
        )


@contextlib.contextmanager
def start_postgres() -> Iterator[PostgresServer]:
    """A Postgres on a free port with a new data directory. Postgres refuses root, so for root it runs as nobody."""
    user = _NOBODY if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="boutique-postgres-") as name:
        directory = Path(name)
        programs = _programs_for(user, directory)
        data, port = directory / "data", free_port()
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, user, user)
        directory.chmod(0o755)
        subprocess.run(
            [
                programs / "initdb",
                "--no-sync",
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale",
                "C",
                "-D",
                data,
            ],
            check=True,
            capture_output=True,
            user=user,
            group=user,
        )
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
            log=directory / "postgres.log",
            ready=lambda: subprocess.run(ready, check=False).returncode == 0,
            user=user,
        ):
            yield PostgresServer(port, programs)


def _programs_for(user: int | None, directory: Path) -> Path:
    installed = Path(str(importlib.resources.files("pgserver"))) / "pginstall"
    if user is None:
        return installed / "bin"
    # Another user may not be able to reach a virtual environment below a home directory.
    shutil.copytree(installed, directory / "pginstall", symlinks=True)
    libraries = installed.parent.parent / "pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, directory / "pgserver.libs")
    return directory / "pginstall" / "bin"
