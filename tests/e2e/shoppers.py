"""Runs the load generator against the storefront while a test does something else."""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

_COUNT = 6


class Shoppers:
    """Shoppers who buy until the block ends. `orders` has the ids of their confirmed orders."""

    def __init__(self, address: str) -> None:
        settings = {
            "FRONTEND_ADDR": address.removeprefix("http://"),
            "USERS": str(_COUNT),
            "RATE": str(_COUNT),
            "MINIMUM_WAIT_SECONDS": "0.05",
            "MAXIMUM_WAIT_SECONDS": "0.3",
            "RUN_SECONDS": "900",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "boutique_loadgenerator"],
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.orders: set[str] = set()
        self.summary: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._read_log(until=sys.maxsize)
        self._process.wait()

    def wait_for_orders(self, count: int) -> None:
        """Waits until that many more orders are confirmed, or the load generator has ended."""
        self._read_log(until=len(self.orders) + count)

    def _read_log(self, until: int) -> None:
        assert self._process.stdout is not None
        while len(self.orders) < until and (line := self._process.stdout.readline()):
            entry = json.loads(line)
            if entry.get("message") == "order placed":
                self.orders.add(entry["order_id"])
            if "requests" in entry:
                self.summary = entry
