"""Prometheus metrics of requests."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Label values are bounded whatever clients send, since each one is kept for the life of the process.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})
_OTHER_METHOD = "other"
_NO_ROUTE = "none"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests served.", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the request's headers to the end of its response.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("http_requests_in_flight", "Requests being served.", registry=self.registry)


def with_metrics(application: ASGIApp, metrics: Metrics) -> ASGIApp:
    """Wraps an application so that each of its requests is counted and timed."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def send_and_record_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begin = time.perf_counter()
        metrics.in_flight.inc()
        try:
            await application(scope, receive, send_and_record_status)
        finally:
            metrics.in_flight.dec()
            # The router leaves the matched route, whose path is a template, in the scope.
            route = getattr(scope.get("route"), "path", _NO_ROUTE)
            method = scope["method"] if scope["method"] in _METHODS else _OTHER_METHOD
            metrics.requests.labels(route, method, str(status)).inc()
            metrics.seconds.labels(route, method).observe(time.perf_counter() - begin)

    return call
