"""The behaviour that all gRPC services share."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boutique_development_servers.processes import free_port
from boutique_runtime.clients import call, open_channel
from boutique_runtime.errors import NotFoundError
from boutique_runtime.serving import GrpcService
from boutique_runtime.telemetry import begin_request, current_request_id
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    from boutique_testing.plugin import Serve

AD_SERVICE = shop_pb2.DESCRIPTOR.services_by_name["AdService"]


class Answering(shop_pb2_grpc.AdServiceServicer):
    """Returns the request id and the seconds left; fails as the first context key says."""

    async def GetAds(self, request: shop_pb2.AdRequest, context: Any) -> shop_pb2.AdResponse:  # noqa: N802
        match list(request.context_keys):
            case ["missing"]:
                raise NotFoundError("no ad has the id 7")
            case ["broken"]:
                raise ZeroDivisionError("a secret of the inside")
        return shop_pb2.AdResponse(
            ads=[shop_pb2.Ad(text=current_request_id(), redirect_url=str(context.time_remaining()))]
        )


def answering() -> GrpcService:
    return GrpcService(AD_SERVICE, shop_pb2_grpc.add_AdServiceServicer_to_server, Answering())


async def refusal_of(channel: grpc.aio.Channel, key: str) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shop_pb2_grpc.AdServiceStub(channel).GetAds(shop_pb2.AdRequest(context_keys=[key]))
    return refusal.value


async def test_a_domain_error_becomes_its_status_with_its_message(serve: Serve) -> None:
    refusal = await refusal_of(await serve(answering()), "missing")
    assert (refusal.code(), refusal.details()) == (grpc.StatusCode.NOT_FOUND, "no ad has the id 7")


async def test_an_internal_error_has_the_request_id_and_no_details(serve: Serve) -> None:
    refusal = await refusal_of(await serve(answering()), "broken")
    assert refusal.code() is grpc.StatusCode.INTERNAL
    assert "request id" in str(refusal.details())
    assert "secret" not in str(refusal.details())


async def test_an_invalid_message_is_an_invalid_argument(serve: Serve) -> None:
    channel = await serve(answering())
    broken_utf8 = b"\x0a\x02\xc3\x28"
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await channel.unary_unary("/hipstershop.AdService/GetAds")(broken_utf8)  # type: ignore[arg-type]
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_request_that_is_too_large_is_refused(serve: Serve) -> None:
    refusal = await refusal_of(await serve(answering()), "x" * (2 << 20))
    assert refusal.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_the_request_id_is_passed_on(serve: Serve) -> None:
    stub = shop_pb2_grpc.AdServiceStub(await serve(answering()))
    begin_request("from-the-caller")
    answer = await call(stub.GetAds, shop_pb2.AdRequest(), timeout_seconds=5)
    assert answer.ads[0].text == "from-the-caller"


async def test_an_invalid_request_id_is_replaced(serve: Serve) -> None:
    stub = shop_pb2_grpc.AdServiceStub(await serve(answering()))
    answer = await stub.GetAds(shop_pb2.AdRequest(), metadata=(("x-request-id", 'x"} {"forged": "line'),))
    assert answer.ads[0].text.isalnum()


async def test_health_is_served(serve: Serve) -> None:
    channel = await serve(answering())
    health = health_pb2_grpc.HealthStub(channel)
    question = health_pb2.HealthCheckRequest(service="hipstershop.AdService")
    answer = await health.Check(question)  # type: ignore[attr-defined]
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("name", ["", "hipstershop.AdService"])
async def test_health_is_not_serving_until_the_service_is_ready(serve: Serve, name: str) -> None:
    ready = asyncio.Event()
    health = health_pb2_grpc.HealthStub(await serve(dataclasses.replace(answering(), ready=ready)))
    answers = health.Watch(health_pb2.HealthCheckRequest(service=name))  # type: ignore[attr-defined]
    assert (await answers.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    ready.set()
    assert (await answers.read()).status == health_pb2.HealthCheckResponse.SERVING


async def test_a_call_waits_for_a_server_that_is_starting() -> None:
    port = free_port()
    async with open_channel(f"127.0.0.1:{port}", AD_SERVICE) as channel:
        early = asyncio.ensure_future(
            call(shop_pb2_grpc.AdServiceStub(channel).GetAds, shop_pb2.AdRequest(), timeout_seconds=20)
        )
        await channel.wait_for_state_change(grpc.ChannelConnectivity.IDLE)
        server = grpc.aio.server()
        shop_pb2_grpc.add_AdServiceServicer_to_server(Answering(), server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        assert len((await early).ads) == 1
        await server.stop(None)
