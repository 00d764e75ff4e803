"""Measures CPU time and memory of the shop's processes. Source: proc(5), and the kernel's sched-stats."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STORES = ("postgres", "redis-server")


def service_processes() -> dict[int, str]:
    """Returns the processes of the services' containers, with the package of the service."""
    found = {}
    for pid in _processes():
        with suppress(OSError):  # the process ended, or belongs to another user
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if package := next((entry for entry in environment if entry.startswith(b"SERVICE_PACKAGE=")), None):
                found[pid] = package.decode().partition("=")[2]
    return found


def store_processes() -> dict[int, str]:
    """Returns the processes of Postgres and Redis, with their names."""
    found = {}
    for pid in _processes():
        with suppress(OSError):  # the process ended, or belongs to another user
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            if name in _STORES:
                found[pid] = name
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Returns the CPU time that all threads of these processes have used."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError):  # the thread ended
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def proportional_bytes(pids: Iterable[int]) -> int:
    """Returns the memory of these processes, with shared memory counted once (PSS)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


@contextmanager
def on_one_core(pids: Iterable[int]) -> Iterator[None]:
    """Pins all threads of the processes to the first core until the block ends."""
    threads = [int(task.name) for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    before = {thread: os.sched_getaffinity(thread) for thread in threads}
    for thread in threads:
        os.sched_setaffinity(thread, {0})
    try:
        yield
    finally:
        for thread, cores in before.items():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(thread, cores)


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
