"""A Postgres primary and its streaming replicas, each behind a TLS proxy."""

import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from boutique_development_servers.postgres import server_user
from boutique_development_servers.processes import free_port
from boutique_offline.rehearsal.stores.managed_stores import PostgresDescription
from boutique_offline.rehearsal.stores.processes import ServerProcess, run, start
from boutique_offline.rehearsal.stores.tls_proxy import Target, TlsProxies
from boutique_runtime.credentials import Credentials

_SUPERUSER = "postgres"


@dataclass(frozen=True)
class PostgresServer:
    """A server on `port` of 127.0.0.1. Its superuser connects through a socket in `directory`, without a password."""

    directory: Path
    port: int
    process: ServerProcess


@dataclass
class PostgresStore:
    """A primary and its replicas. Each server has a directory of its name below `directory`."""

    directory: Path
    programs: Path
    proxies: TlsProxies
    servers: dict[str, PostgresServer] = field(default_factory=dict)
    credentials: Credentials | None = None

    async def apply(self, description: PostgresDescription) -> None:
        """Brings the servers in line with the description. Raises StoreError."""
        primary = self.servers.get(description.name) or await self._start_primary(description.name)
        if description.credentials != self.credentials:
            await _grant_access(primary, description.credentials, description.database)
            self.credentials = description.credentials
        for name in self.servers.keys() - {description.name, *description.replicas}:
            await self._remove(name)
        for name in description.replicas.keys() - self.servers.keys():
            await self._start_replica(name, primary)
        await self.proxies.set_targets(
            {
                description.primary: self._port(description.name),
                **{endpoint: self._port(name) for name, endpoint in description.replicas.items()},
            }
        )

    async def close(self) -> None:
        """Stops the replicas before the primary that they are connected to."""
        await self.proxies.close()
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
        # Existing data may come from an earlier primary.
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
        create_directory(self.directory / name)
        return self.directory / name


def create_directory(directory: Path) -> None:
    """Creates a directory with mode 0700, owned by the Postgres user, unless it exists."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if (user := server_user()) is not None:
        shutil.chown(directory, user, user)


async def _connect(directory: Path, port: int) -> Any:
    return await asyncpg.connect(host=str(directory), port=port, user=_SUPERUSER, database=_SUPERUSER)


async def _grant_access(primary: PostgresServer, credentials: Credentials, database: str) -> None:
    """Creates the user and its database, as RDS does for the master user, and sets the password."""
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
    """Executes a statement that takes no parameters; Postgres quotes the values."""
    await connection.execute(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", statement, values))
