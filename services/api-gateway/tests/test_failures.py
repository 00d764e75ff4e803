"""Responses when a service behind the gateway refuses, fails or is unreachable."""

import asyncio
import logging
from typing import Any

import grpc
import httpx
import pytest

from boutique_api_gateway.__main__ import open_application
from boutique_api_gateway.settings import GatewaySettings
from boutique_development_servers.processes import free_port
from boutique_runtime.http_serving import with_request_scope
from boutique_testing.fake_services import FakeServices, refusing

DOCUMENTS = "/api/v1/product/documents"
INSIDE = "SELECT secret FROM inside"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 400),
        (grpc.StatusCode.NOT_FOUND, 404),
        (grpc.StatusCode.FAILED_PRECONDITION, 409),
        (grpc.StatusCode.ABORTED, 409),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 503),
    ],
)
async def test_a_refusal_keeps_the_services_message(
    client: httpx.AsyncClient, backends: FakeServices, code: grpc.StatusCode, status: int
) -> None:
    backends.answers["ListProducts"] = refusing(code, "the message of the service")
    response = await client.get(DOCUMENTS)
    assert response.status_code == status
    assert response.json() == {"message": "failure", "reason": "the message of the service"}
    assert ("retry-after" in response.headers) == (status == 503)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, 504),
        (grpc.StatusCode.INTERNAL, 500),
        (grpc.StatusCode.UNKNOWN, 500),
        (grpc.StatusCode.DATA_LOSS, 500),
        (grpc.StatusCode.PERMISSION_DENIED, 500),
    ],
)
async def test_internal_details_of_a_failure_appear_only_in_the_log(
    client: httpx.AsyncClient,
    backends: FakeServices,
    caplog: pytest.LogCaptureFixture,
    code: grpc.StatusCode,
    status: int,
) -> None:
    caplog.set_level(logging.INFO, logger="boutique_runtime")
    backends.answers["ListProducts"] = refusing(code, INSIDE)
    response = await client.get(DOCUMENTS)
    assert (response.status_code, response.json()["message"]) == (status, "failure")
    assert INSIDE not in response.text
    (record,) = caplog.records
    assert record.__dict__["reason"] == f"{code.name}: {INSIDE}"


async def test_an_unavailable_service_returns_502(client: httpx.AsyncClient, backends: FakeServices) -> None:
    # Not a read, which would be sent again.
    backends.answers["Charge"] = refusing(grpc.StatusCode.UNAVAILABLE, INSIDE)
    card = {"number": "4432801561520454", "expiration": "01/39", "security_code": "672"}
    response = await client.post("/api/v1/payment/process", json={"amount": 1, "card": card, "transaction_id": "t"})
    assert response.status_code == 502
    assert response.json() == {"message": "failure", "reason": "A backend service is not available."}


async def test_an_internal_error_is_found_in_the_log_by_its_request_id(
    client: httpx.AsyncClient, backends: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    async def nonsense(*_: Any) -> Any:
        raise ZeroDivisionError(INSIDE)

    backends.answers["ListProducts"] = nonsense
    response = await client.get(DOCUMENTS, headers={"x-request-id": "find-me"})
    assert response.status_code == 500
    assert response.json() == {
        "message": "failure",
        "reason": "Internal error; the logs have it under the request id.",
        "request_id": "find-me",
    }


async def test_a_callers_short_deadline_is_met(client: httpx.AsyncClient, backends: FakeServices) -> None:
    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    backends.answers["ListProducts"] = never
    response = await client.get(DOCUMENTS, headers={"x-request-timeout": "0.05"})
    assert response.status_code == 504
    (call,) = backends.calls["ListProducts"]
    assert call.seconds_left is not None
    assert call.seconds_left <= 0.05


@pytest.mark.parametrize(
    ("method", "path", "called", "seconds"),
    [("GET", DOCUMENTS, "ListProducts", 5), ("POST", "/api/v1/checkout/process", "PlaceOrder", 20)],
)
async def test_calls_without_a_deadline_get_the_default_one(
    client: httpx.AsyncClient,
    backends: FakeServices,
    cart: dict[str, int],
    order: dict[str, Any],
    method: str,
    path: str,
    called: str,
    seconds: float,
) -> None:
    await client.request(method, path, json=order if method == "POST" else None)
    (call,) = backends.calls[called]
    assert call.seconds_left is not None
    assert seconds - 3 < call.seconds_left <= seconds


@pytest.mark.parametrize("path", [DOCUMENTS, "/api/v1/content/mug.svg"])
async def test_an_unreachable_service_fails_in_time(settings: GatewaySettings, path: str) -> None:
    unused = f"127.0.0.1:{free_port()}"
    unreachable = settings.model_copy(update={"product_catalog_service_addr": unused, "content_addr": unused})
    async with open_application(unreachable) as application:
        transport = httpx.ASGITransport(with_request_scope(application))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            response = await client.get(path, headers={"x-request-timeout": "0.5"})
    assert response.status_code in {502, 504}
    assert response.json()["message"] == "failure"


async def test_too_many_concurrent_requests_are_refused_with_retry_after(
    settings: GatewaySettings, backends: FakeServices
) -> None:
    arrived, leave = asyncio.Event(), asyncio.Event()
    list_products = backends.answers["ListProducts"]

    async def held(request: Any, context: Any) -> Any:
        arrived.set()
        await leave.wait()
        return await list_products(request, context)

    backends.answers["ListProducts"] = held
    narrow = settings.model_copy(update={"maximum_concurrent_requests": 1})
    async with open_application(narrow) as application:
        transport = httpx.ASGITransport(with_request_scope(application))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            first = asyncio.create_task(client.get(DOCUMENTS))
            await arrived.wait()
            refused = await client.get(DOCUMENTS)
            health = await client.get("/healthz")
            leave.set()
            assert (await first).status_code == 200
            assert (await client.get(DOCUMENTS)).status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["message"] == "failure"
    assert health.status_code == 200
