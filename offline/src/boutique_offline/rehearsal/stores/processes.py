"""Server processes of the stores, in the process group of whoever runs them, so that they end with it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_READY_SECONDS = 60
_POLL_SECONDS = 0.05
_END_SECONDS = 10


class StoreError(Exception):
    """A server does not start; the message has what it said last."""


@dataclass(frozen=True)
class ServerProcess:
    process: asyncio.subprocess.Process
    stop_signal: signal.Signals

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), _END_SECONDS)
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
    given: bytes = b"",
) -> ServerProcess:
    """Runs a server until `ready`; `given` is its standard input. Raises StoreError."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output, user=user, group=user
        )
    if process.stdin is not None:
        process.stdin.write(given)
        process.stdin.close()
    server = ServerProcess(process, stop_signal)
    try:
        started = await _becomes_ready(process, ready)
    except BaseException:
        await server.stop()
        raise
    if not started:
        await server.stop()
        said = await asyncio.to_thread(log.read_text, errors="replace")
        raise StoreError(f"{command[0]} did not start:\n{said[-2000:]}")
    return server


async def _becomes_ready(process: asyncio.subprocess.Process, ready: Callable[[], Awaitable[bool]]) -> bool:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while not await ready():
        if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


async def run(command: Sequence[str | Path], user: int | None) -> None:
    """Runs a command to its end. Raises StoreError."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        user=user,
        group=user,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise StoreError(f"{command[0]} failed:\n{output.decode(errors='replace')[-2000:]}")
