"""Prometheus metrics."""

import grpc
import httpx
from prometheus_client.parser import text_string_to_metric_families

from boutique_testing.fake_services import FakeServices, refusing


async def samples(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Returns samples by name and label values."""
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (
            sample.name,
            *(sample.labels[label] for label in ("route", "method", "status", "le") if label in sample.labels),
        ): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_route_method_and_status(
    client: httpx.AsyncClient, backends: FakeServices, cart: dict[str, int]
) -> None:
    for product in ("6E92ZMYYFZ", "OLJCESPC7Z", "NOPE"):
        await client.put(f"/api/v1/cart/{product}/1")
    backends.answers["GetCart"] = refusing(grpc.StatusCode.INTERNAL)
    await client.post("/api/v1/cart")
    found = await samples(client)
    route = "/api/v1/cart/{product_id}/{quantity}"
    assert found["http_requests_total", route, "PUT", "200"] == 2
    assert found["http_requests_total", route, "PUT", "404"] == 1
    assert found["http_requests_total", "/api/v1/cart", "POST", "500"] == 1


async def test_durations_and_requests_in_flight_are_measured(client: httpx.AsyncClient) -> None:
    await client.get("/healthz")
    found = await samples(client)
    assert found["http_request_duration_seconds_count", "/healthz", "GET"] == 1
    assert found["http_request_duration_seconds_bucket", "/healthz", "GET", "+Inf"] == 1
    assert found["http_request_duration_seconds_sum", "/healthz", "GET"] > 0
    assert found["http_requests_in_flight",] == 1  # the one that asks


async def test_clients_cannot_create_label_values(client: httpx.AsyncClient) -> None:
    for made_up in ("one", "two", "three"):
        await client.get(f"/{made_up}")
        await client.request(made_up.upper(), "/healthz")
    counted = {labels: value for labels, value in (await samples(client)).items() if labels[0] == "http_requests_total"}
    assert counted == {
        ("http_requests_total", "none", "GET", "404"): 3,
        ("http_requests_total", "/healthz", "other", "405"): 3,
    }
