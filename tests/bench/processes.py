"""CPU time and memory of the shop's processes, as Linux counts them. Source: proc(5), and the kernel's sched-stats."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STORES = ("postgres", "redis-server")


def service_processes() -> dict[int, str]:
    """Processes of the services' containers, with the service's package."""
    found = {}
    for pid in _processes():
        with suppress(OSError):  # one that ended meanwhile, or that may not be looked at
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if package := next((entry for entry in environment if entry.startswith(b"SERVICE_PACKAGE=")), None):
                found[pid] = package.decode().partition("=")[2]
    return found


def store_processes() -> dict[int, str]:
    """Processes of Postgres and Redis."""
    found = {}
    for pid in _processes():
        with suppress(OSError):  # one that ended meanwhile, or that may not be looked at
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            if name in _STORES:
                found[pid] = name
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """What all threads of these processes ran so far, to the nanosecond."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that ended meanwhile
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def proportional_bytes(pids: Iterable[int]) -> int:
    """The memory that these processes take together: what several share is counted once (PSS)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


@contextmanager
def on_one_core(pids: Iterable[int]) -> Iterator[None]:
    """Keeps the processes, all their threads, to the first core."""
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
