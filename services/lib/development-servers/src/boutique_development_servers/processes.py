"""Runs server processes: on free ports, ready before use, ended afterwards."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

STARTUP_SECONDS = 30


def free_port() -> int:
    """Returns a TCP port on 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Returns whether nothing listens on a TCP port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    user: int | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server, yields once it is ready, and ends it afterwards.

    Args:
        command: The program and its arguments.
        log: The file for the server's output.
        ready: Returns whether the server accepts requests.
        user: The id of the user and group to run as; None for the current ones.
        environment: The environment variables; None for the current ones.

    Raises:
        RuntimeError: The server did not start. The message has its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=user,
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal must reach only this process, which then ends the server
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
