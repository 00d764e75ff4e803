"""Shows long work while it runs: what is being done, and how long it has taken.

A terminal gets one live line; a log gets a line at the start, one every quarter of a minute, and one at the end.
"""

import contextlib
import itertools
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TextIO

_LOG_INTERVAL = 15.0
_TICK = 0.12
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@dataclass
class Step:
    """One piece of work that is being done."""

    title: str
    detail: str = ""
    started: float = field(default_factory=time.monotonic)
    logged: float = field(default_factory=time.monotonic)

    def update(self, detail: str) -> None:
        """Says how far the work is; only the latest is shown."""
        self.detail = detail

    def __str__(self) -> str:
        detail = f" · {self.detail}" if self.detail else ""
        return f"{self.title} ({duration(time.monotonic() - self.started)}){detail}"


class Progress:
    """A context manager; steps may run in several threads at once."""

    def __init__(self, stream: TextIO | None = None, *, log_interval: float = _LOG_INTERVAL) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._log_interval = log_interval
        self._running: list[Step] = []
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._ticker.join()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Shows the work in the block until it ends, and how it ended."""
        step = Step(title)
        with self._lock:
            self._running.append(step)
        if not self._live:
            self._print(f"  {title} …")
        mark = "✗"
        try:
            yield step
            mark = "✓"
        finally:
            with self._lock:
                self._running.remove(step)
            self._print(f"{mark} {title} ({duration(time.monotonic() - step.started)})")

    def note(self, text: str) -> None:
        """Prints a line that stays."""
        self._print(f"  {text}")

    def _print(self, line: str) -> None:
        with self._lock:
            erase = "\r\x1b[K" if self._live else ""
            self._stream.write(f"{erase}{line}\n")
            self._stream.flush()

    def _tick(self) -> None:
        for frame in itertools.cycle(_SPINNER):
            if self._stopped.wait(_TICK):
                return
            with self._lock:
                if self._live and self._running:
                    self._draw(frame)
                elif not self._live:
                    self._log()

    def _log(self) -> None:
        now = time.monotonic()
        for step in self._running:
            if now - step.logged >= self._log_interval:
                step.logged = now
                self._print(f"  … {step}")

    def _draw(self, frame: str) -> None:
        others = f"  [+{len(self._running) - 1}]" if len(self._running) > 1 else ""
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"\r\x1b[K{f'{frame} {self._running[-1]}{others}'[:width]}")
        self._stream.flush()


def duration(seconds: float) -> str:
    """A duration as a person writes it: `0.4 s`, `12 s`, `3 min 05 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
