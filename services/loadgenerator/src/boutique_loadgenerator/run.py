"""Runs the shoppers: starts them at a rate, stops them at a limit, and summarizes their requests."""

import http.client
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from locust.env import Environment
from locust.stats import StatsEntry

from boutique_loadgenerator.settings import LoadSettings
from boutique_loadgenerator.shopper import Shopper
from boutique_loadgenerator.storefront import CHECKOUT

_POLL_SECONDS = 0.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """Results of the requests for one page. `p50_ms` and `p95_ms` are milliseconds until the page was complete."""

    requests: int
    failures: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Summary(Page):
    """Results of all pages. `pages` has them by page, and `errors` the number of each error."""

    orders: int
    seconds: float
    pages: Mapping[str, Page]
    errors: Mapping[str, int]

    @property
    def is_success(self) -> bool:
        """True if there were requests and none failed."""
        return self.requests > 0 and not self.errors


def wait_for_shop(settings: LoadSettings, ended: threading.Event) -> bool:
    """Waits until the storefront is healthy. Returns False at a timeout or once `ended` is set."""
    deadline = time.monotonic() + settings.startup_seconds
    while not ended.is_set():
        if _is_healthy(settings.frontend_addr):
            return True
        if time.monotonic() >= deadline:
            _log.error("the shop does not respond", extra={"address": settings.frontend_addr})
            return False
        _log.info("waiting for the shop", extra={"address": settings.frontend_addr})
        ended.wait(_POLL_SECONDS)
    return False


def run(settings: LoadSettings, ended: threading.Event) -> Summary:
    """Runs until `ended`, which it also sets itself after enough requests. Shoppers then finish their current task."""
    Shopper.product_ids = settings.product_ids
    Shopper.wait_seconds = (settings.minimum_wait_seconds, settings.maximum_wait_seconds)
    environment = Environment(
        user_classes=[Shopper],
        host=f"http://{settings.frontend_addr}",
        stop_timeout=settings.shutdown_grace_seconds,
    )

    def count(**_: Any) -> None:
        if settings.run_requests is not None and environment.stats.total.num_requests >= settings.run_requests:
            ended.set()

    environment.events.request.add_listener(count)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    started = time.monotonic()
    runner.start(settings.users, spawn_rate=settings.rate)
    ended.wait(settings.run_seconds)
    seconds = time.monotonic() - started
    runner.quit()
    return _summary(environment, seconds)


def _summary(environment: Environment, seconds: float) -> Summary:
    stats = environment.stats
    errors = {f"{error.method} {error.name}: {error.error}": error.occurrences for error in stats.errors.values()}
    if environment.runner is not None:
        errors |= {
            f"load generator: {fault['msg']}": fault["count"] for fault in environment.runner.exceptions.values()
        }
    checkouts = stats.get(CHECKOUT, "POST")
    return Summary(
        **asdict(_page(stats.total)),
        orders=checkouts.num_requests - checkouts.num_failures,
        seconds=round(seconds, 3),
        pages={f"{entry.method} {entry.name}": _page(entry) for entry in stats.entries.values()},
        errors=errors,
    )


def _page(entry: StatsEntry) -> Page:
    return Page(
        requests=entry.num_requests,
        failures=entry.num_failures,
        p50_ms=entry.get_response_time_percentile(0.50) or 0,
        p95_ms=entry.get_response_time_percentile(0.95) or 0,
    )


def _is_healthy(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/_healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
