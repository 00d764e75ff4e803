"""Shows long work while it runs: what is being done, and how long it has taken.

A terminal gets a live line for each step. A log gets a line at the start, one every quarter of a minute, and one at the
end.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import Progress as LiveProgress
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from dev.errors import ActionableError

_LOG_INTERVAL_SECONDS = 15.0


class Step:
    """One piece of work that is being done."""

    def __init__(self, show: Callable[[str], None] | None = None, cancelled: threading.Event | None = None) -> None:
        self.detail = ""
        self._show = show
        self._cancelled = cancelled

    def update(self, detail: str) -> None:
        """Shows how far the work is. Only the latest detail is visible. Raises ActionableError if it was cancelled."""
        if self._cancelled and self._cancelled.is_set():
            raise ActionableError("This was cancelled, since something else failed or was interrupted.")
        self.detail = detail
        if self._show:
            self._show(detail)


class Progress:
    """A context manager. Steps may run in several threads at once.

    Args:
        stream: Where to write; standard error if it is not given.
        log_interval: How often a log says how far a step is, in seconds.
    """

    def __init__(self, stream: TextIO | None = None, *, log_interval: float = _LOG_INTERVAL_SECONDS) -> None:
        self._console = Console(file=stream or sys.stderr, highlight=False, markup=False, soft_wrap=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._live = (
            LiveProgress(*columns, console=self._console, transient=True) if self._console.is_terminal else None
        )
        self._log_interval = log_interval
        self._cancelled = threading.Event()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    @contextlib.contextmanager
    def threads(self) -> Iterator[ThreadPoolExecutor]:
        """Yields a pool of threads. If the block fails or is interrupted, their steps end at the next update."""
        with ThreadPoolExecutor() as pool:
            try:
                yield pool
            except BaseException:
                self._cancelled.set()
                raise

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Shows the work in the block until it ends, and how it ended."""
        started = time.monotonic()
        mark = "✗"
        try:
            with self._shown(title, started) as step:
                yield step
            mark = "✓"
        finally:
            self.note(f"{mark} {title} ({duration(time.monotonic() - started)})")

    def note(self, text: str) -> None:
        """Prints a line that stays."""
        self._console.print(text)

    @contextlib.contextmanager
    def _shown(self, title: str, started: float) -> Iterator[Step]:
        if self._live:
            with _live_line(self._live, title, self._cancelled) as step:
                yield step
            return
        self.note(f"  {title} …")
        ended = threading.Event()
        step = Step(cancelled=self._cancelled)
        logger = threading.Thread(target=self._log, args=(title, step, started, ended), daemon=True)
        logger.start()
        try:
            yield step
        finally:
            ended.set()
            logger.join()

    def _log(self, title: str, step: Step, started: float, ended: threading.Event) -> None:
        while not ended.wait(self._log_interval):
            detail = f" · {step.detail}" if step.detail else ""
            self.note(f"  … {title} ({duration(time.monotonic() - started)}){detail}")


@contextlib.contextmanager
def _live_line(live: LiveProgress, title: str, cancelled: threading.Event) -> Iterator[Step]:
    task: TaskID = live.add_task(title, total=None)
    try:
        yield Step(lambda detail: live.update(task, description=f"{title} · {detail}"), cancelled)
    finally:
        live.remove_task(task)


def duration(seconds: float) -> str:
    """Returns a duration as people write it: `0.4 s`, `12 s`, `3 min 05 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
