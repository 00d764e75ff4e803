"""Shoppers at the storefront while something else happens: the load generator, listened to as it runs."""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

_COUNT = 6


class Shoppers:
    """They shop for as long as the block takes. `orders` are those that were confirmed to them."""

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
        self._listen(until=sys.maxsize)
        self._process.wait()

    def wait_for_orders(self, count: int) -> None:
        """Returns once that many more are confirmed, or no more will be."""
        self._listen(until=len(self.orders) + count)

    def _listen(self, until: int) -> None:
        assert self._process.stdout is not None
        while len(self.orders) < until and (line := self._process.stdout.readline()):
            said = json.loads(line)
            if said.get("message") == "order placed":
                self.orders.add(said["order_id"])
            if "requests" in said:
                self.summary = said
