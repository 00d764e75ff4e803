"""Measures how long things take."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Latencies:
    """The durations of requests in seconds, in ascending order, and the duration of all together."""

    sorted_seconds: list[float]
    elapsed: float

    @property
    def rate(self) -> float:
        return len(self.sorted_seconds) / self.elapsed

    def percentile(self, percent: float) -> float:
        return self.sorted_seconds[min(len(self.sorted_seconds) - 1, int(len(self.sorted_seconds) * percent / 100))]


def seconds_taken(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
