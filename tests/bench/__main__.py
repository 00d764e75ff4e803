"""Measures the figures to watch (`make bench`), prints them, and writes them to build/bench.json.

Times and CPU depend on the machine and its load: compare figures of the same run only.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.gateway import gateway_overhead
from tests.bench.images import image_sizes
from tests.bench.processes import (
    cpu_seconds,
    on_one_core,
    proportional_bytes,
    service_processes,
    store_processes,
)
from tests.bench.shoppers import Shopper, home_pages
from tests.bench.timing import seconds_taken
from tests.e2e.workspace import ROOT, STATE, Workspace

_REPORT = ROOT / "build" / "bench.json"
_PAGES = 400
_ORDERS = 100
_IDLE_SECONDS = 10.0


def main() -> None:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="boutique-bench-") as directory:
        workspace = Workspace(Path(directory))
        workspace.make("down")
        figures |= gateway_overhead()
        try:
            figures["up, from nothing running (s)"] = seconds_taken(lambda: workspace.make("up"))
            figures["up with no change (s)"] = seconds_taken(lambda: workspace.make("up"))
            figures["preview with no change (s)"] = seconds_taken(lambda: workspace.make("preview"))
            figures |= _running_figures()
            figures |= image_sizes(STATE / "images")
        finally:
            workspace.make("down")
        figures["preview of dev, against an emulated account (s)"] = seconds_taken(
            lambda: workspace.make("preview", STACK="dev")
        )
    _REPORT.parent.mkdir(exist_ok=True)
    _REPORT.write_text(json.dumps(figures, indent=2) + "\n")
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}  {value:10.2f}")
    print(f"\nAlso in {_REPORT.relative_to(ROOT)}")


def _running_figures() -> dict[str, float]:
    shoppers = [Shopper() for _ in range(_ORDERS)]
    for shopper in shoppers:  # warms up: each service has then handled each kind of request
        shopper.fill_cart()
        shopper.order()
        shopper.disconnect()
    figures = {"memory of the shop, idle (MiB, PSS)": _memory()}
    idle = _idle_cpu()
    visitor = shoppers[0]
    figures["CPU of a home page (ms)"] = _cpu_milliseconds(Shopper.home, [visitor] * _PAGES, idle)
    for shopper in shoppers:
        shopper.fill_cart()
        shopper.disconnect()
    figures["CPU of an order (ms)"] = _cpu_milliseconds(Shopper.order, shoppers, idle)
    with on_one_core(service_processes()):
        pages = home_pages(visitors=4, each=_PAGES)
    figures["home pages per second, services on one core"] = pages.rate
    figures["home page at p50, 4 visitors at once (ms)"] = pages.percentile(50) * 1000
    figures["home page at p99, 4 visitors at once (ms)"] = pages.percentile(99) * 1000
    figures["memory of the shop, after load (MiB, PSS)"] = _memory()
    return figures


def _memory() -> float:
    return proportional_bytes([*service_processes(), *store_processes()]) / (1 << 20)


def _idle_cpu() -> float:
    """Returns the CPU seconds per second that the services use when idle, for probes and the like."""
    pids = service_processes()
    before = cpu_seconds(pids)
    time.sleep(_IDLE_SECONDS)
    return (cpu_seconds(pids) - before) / _IDLE_SECONDS


def _cpu_milliseconds(request: Callable[[Shopper], object], shoppers: list[Shopper], idle: float) -> float:
    """Returns the CPU time of all services per request, without what they use when idle."""
    pids = service_processes()
    before, started = cpu_seconds(pids), time.monotonic()
    for shopper in shoppers:
        request(shopper)
    used = cpu_seconds(pids) - before - idle * (time.monotonic() - started)
    return 1000 * used / len(shoppers)


if __name__ == "__main__":
    main()
