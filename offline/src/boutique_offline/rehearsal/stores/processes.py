"""Server processes of the stores. They stay in this process' group, so that they end with it."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_READY_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 10


class StoreError(Exception):
    """Raised when a server does not start. The message has the end of its output."""

    def __init__(self, program: str | Path, output: str) -> None:
        super().__init__(f"{program} failed:\n{output[-2000:]}")


@dataclass(frozen=True)
class ServerProcess:
    """A running server and the signal that stops it."""

    process: asyncio.subprocess.Process
    stop_signal: signal.Signals

    async def stop(self) -> None:
        """Sends the signal, waits for the end, and kills the server if it takes too long."""
        with suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], Awaitable[bool]],
    stop_signal: signal.Signals,
    user: int | None = None,
    standard_input: bytes = b"",
) -> ServerProcess:
    """Starts a server and waits until it is ready. Raises StoreError."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output, user=user, group=user
        )
    if process.stdin is not None:
        process.stdin.write(standard_input)
        process.stdin.close()
    server = ServerProcess(process, stop_signal)
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while not await ready():
                if process.returncode is not None:
                    raise TimeoutError  # noqa: TRY301 (handled like a server that never gets ready)
                await asyncio.sleep(_POLL_SECONDS)
    except BaseException as error:
        await server.stop()
        if isinstance(error, TimeoutError):
            raise StoreError(command[0], await asyncio.to_thread(log.read_text, errors="replace")) from None
        raise
    return server


async def run(command: Sequence[str | Path], user: int | None) -> None:
    """Runs a command to its end. Raises StoreError if it fails."""
    try:
        await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, text=True, user=user, group=user
        )
    except subprocess.CalledProcessError as error:
        raise StoreError(command[0], error.stdout + error.stderr) from error
