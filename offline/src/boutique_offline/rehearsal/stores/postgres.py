"""A Postgres primary and its streaming replicas, from the wheel that tests use, behind a door each."""

import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from boutique_development_servers.postgres import server_user
from boutique_development_servers.processes import free_port
from boutique_offline.rehearsal.stores.account import PostgresDescription
from boutique_offline.rehearsal.stores.door import Target
from boutique_offline.rehearsal.stores.doors import Doors
from boutique_offline.rehearsal.stores.processes import ServerProcess, run, start
from boutique_runtime.credentials import Credentials

_SUPERUSER = "postgres"


@dataclass(frozen=True)
class PostgresServer:
    """Reached with a password at `port` of 127.0.0.1, and by its superuser with none through its directory's socket."""

    directory: Path
    port: int
    process: ServerProcess


@dataclass
class PostgresStore:
    """Below `directory` each server has one of its own, by its name."""

    directory: Path
    programs: Path
    doors: Doors
    servers: dict[str, PostgresServer] = field(default_factory=dict)
    credentials: Credentials | None = None

    async def follow(self, description: PostgresDescription) -> None:
        """Becomes what is described. Raises StoreError."""
        primary = self.servers.get(description.name) or await self._start_primary(description.name)
        if description.credentials != self.credentials:
            await _admit(primary, description.credentials, description.database)
            self.credentials = description.credentials
        for name in self.servers.keys() - {description.name, *description.replicas}:
            await self._remove(name)
        for name in description.replicas.keys() - self.servers.keys():
            await self._start_replica(name, primary)
        await self.doors.follow(
            {
                description.primary: self._port(description.name),
                **{endpoint: self._port(name) for name, endpoint in description.replicas.items()},
            }
        )

    async def close(self) -> None:
        """Replicas first, which would look for their primary."""
        await self.doors.close()
        for server in reversed(self.servers.values()):
            await server.process.stop()

    def _port(self, name: str) -> Target:
        return lambda: self.servers[name].port

    async def _start_primary(self, name: str) -> PostgresServer:
        directory = self._directory(name)
        if not (directory / "data" / "PG_VERSION").exists():
            access = ["--auth-local=trust", "--auth-host=scram-sha-256"]
            form = ["--username", _SUPERUSER, "--encoding", "UTF8", "--locale", "C", "--no-sync"]
            await run([self.programs / "initdb", *access, *form, "-D", directory / "data"], server_user())
        return await self._serve(name, [])

    async def _start_replica(self, name: str, primary: PostgresServer) -> PostgresServer:
        directory = self._directory(name)
        # A copy that was kept may be of a primary that is no more.
        shutil.rmtree(directory / "data", ignore_errors=True)
        source = f"host={primary.directory} port={primary.port} user={_SUPERUSER}"
        copy = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-d", source]
        await run([self.programs / "pg_basebackup", *copy, "-D", directory / "data"], server_user())
        return await self._serve(name, ["-c", f"primary_conninfo={source}"])

    async def _serve(self, name: str, options: list[str]) -> PostgresServer:
        directory, port = self._directory(name), free_port()

        async def ready() -> bool:
            try:
                await (await _connect(directory, port)).close()
            except (OSError, asyncpg.PostgresError):
                return False
            return True

        place: list[str | Path] = ["-D", directory / "data", "-k", directory, "-h", "127.0.0.1", "-p", str(port)]
        process = await start(
            [self.programs / "postgres", *place, *options],
            log=directory / "postgres.log",
            ready=ready,
            stop_signal=signal.SIGINT,
            user=server_user(),
        )
        self.servers[name] = PostgresServer(directory, port, process)
        return self.servers[name]

    async def _remove(self, name: str) -> None:
        await self.servers.pop(name).process.stop()
        shutil.rmtree(self._directory(name))

    def _directory(self, name: str) -> Path:
        directory = self.directory / name
        if not directory.exists():
            directory.mkdir(mode=0o700)
            if (user := server_user()) is not None:
                shutil.chown(directory, user, user)
        return directory


async def _connect(directory: Path, port: int) -> Any:
    return await asyncpg.connect(host=str(directory), port=port, user=_SUPERUSER, database=_SUPERUSER)


async def _admit(primary: PostgresServer, credentials: Credentials, database: str) -> None:
    """Gives the user its password and its database, as RDS gives its master user."""
    connection = await _connect(primary.directory, primary.port)
    try:
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", credentials.username):
            await _execute(connection, "CREATE ROLE %I LOGIN CREATEDB CREATEROLE", credentials.username)
        await _execute(connection, "ALTER ROLE %I PASSWORD %L", credentials.username, credentials.password)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await _execute(connection, "CREATE DATABASE %I OWNER %I", database, credentials.username)
    finally:
        await connection.close()


async def _execute(connection: Any, statement: str, *values: str) -> None:
    """A statement that takes no parameters, with the values quoted by Postgres."""
    await connection.execute(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", statement, values))
