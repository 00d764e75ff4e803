"""Calls to a service that dies, is not ready, or does not implement a method."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from boutique_development_servers.processes import free_port, port_is_free, running
from boutique_runtime.clients import MethodWithFallback, call, open_stub
from boutique_runtime.errors import FailedPreconditionError
from boutique_runtime.serving import GrpcService, announce_readiness, create_server
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    from boutique_testing.plugin import Serve

CART_SERVICE = shop_pb2.DESCRIPTOR.services_by_name["CartService"]

DIES_WITH_TWO_CALLS = """
import os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from hipstershop import shop_pb2_grpc

both_arrived = threading.Barrier(2, lambda: os.kill(os.getpid(), signal.SIGKILL))

class Carts(shop_pb2_grpc.CartServiceServicer):
    def GetCart(self, request, context):
        both_arrived.wait()

    def AddItem(self, request, context):
        both_arrived.wait()

server = grpc.server(ThreadPoolExecutor(2))
shop_pb2_grpc.add_CartServiceServicer_to_server(Carts(), server)
server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
server.start()
server.wait_for_termination()
"""


class Carts(shop_pb2_grpc.CartServiceServicer):
    """Counts added items and refuses the product `refused`. Implements SetItem only if `has_set_item`."""

    def __init__(self) -> None:
        self.added = 0
        self.set = 0
        self.set_item_calls = 0
        self.has_set_item = False

    async def GetCart(self, request: shop_pb2.GetCartRequest, _: Any) -> shop_pb2.Cart:  # noqa: N802
        return shop_pb2.Cart(user_id=request.user_id)

    async def AddItem(self, *_: Any) -> shop_pb2.Empty:  # noqa: N802
        self.added += 1
        return shop_pb2.Empty()

    async def SetItem(self, request: shop_pb2.AddItemRequest, context: Any) -> shop_pb2.Empty:  # noqa: N802
        self.set_item_calls += 1
        if not self.has_set_item:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such method")
        if request.item.product_id == "refused":
            raise FailedPreconditionError("item.product_id: refused")
        self.set += 1
        return shop_pb2.Empty()


@pytest.fixture
def carts() -> Carts:
    return Carts()  # type: ignore[abstract]  # its other methods return UNIMPLEMENTED


async def test_only_idempotent_calls_are_sent_again_when_the_server_dies(tmp_path: Path, carts: Carts) -> None:
    port = free_port()
    async with open_stub(shop_pb2_grpc.CartServiceStub, f"127.0.0.1:{port}") as stub:
        with running(
            [sys.executable, "-c", DIES_WITH_TWO_CALLS],
            log=tmp_path / "log",
            ready=lambda: not port_is_free(port),
            environment={**os.environ, "PORT": str(port)},
        ) as dying:
            reading = asyncio.ensure_future(
                call(stub.GetCart, shop_pb2.GetCartRequest(user_id="ada"), timeout_seconds=30)
            )
            with pytest.raises(grpc.aio.AioRpcError) as loss:
                await call(stub.AddItem, shop_pb2.AddItemRequest(user_id="ada"), timeout_seconds=30)
            assert dying.wait() < 0
        server = grpc.aio.server()
        shop_pb2_grpc.add_CartServiceServicer_to_server(carts, server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        assert (await reading).user_id == "ada"
        await server.stop(None)
    assert loss.value.code() is grpc.StatusCode.UNAVAILABLE
    assert carts.added == 0


async def test_a_call_waits_for_a_name_that_does_not_resolve_yet() -> None:
    # A label of more than 63 characters cannot resolve (RFC 1035).
    async with open_stub(shop_pb2_grpc.CartServiceStub, f"{'a' * 64}:7070") as stub:
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await call(stub.GetCart, shop_pb2.GetCartRequest(), timeout_seconds=0.3)
    assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_server_is_not_called_before_it_is_ready(carts: Carts) -> None:
    service = GrpcService(CART_SERVICE, shop_pb2_grpc.add_CartServiceServicer_to_server, carts, ready=asyncio.Event())
    assert service.ready is not None
    server, health_servicer = await create_server([service])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with open_stub(shop_pb2_grpc.CartServiceStub, f"127.0.0.1:{port}") as stub:
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await call(stub.AddItem, shop_pb2.AddItemRequest(), timeout_seconds=0.3)
        assert (failure.value.code(), carts.added) == (grpc.StatusCode.DEADLINE_EXCEEDED, 0)
        service.ready.set()
        await announce_readiness(service, health_servicer)
        await call(stub.AddItem, shop_pb2.AddItemRequest(), timeout_seconds=30)
    await server.stop(None)
    assert carts.added == 1


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_method_that_is_not_implemented_is_tried_again_after_a_minute(serve: Serve, carts: Carts) -> None:
    stub = await stub_of(carts, serve)
    clock = Clock()
    set_item = MethodWithFallback(stub.SetItem, stub.AddItem, timeout_seconds=20, clock=clock)
    for _ in range(3):
        await set_item(shop_pb2.AddItemRequest())
    assert (carts.set_item_calls, carts.added) == (1, 3)
    carts.has_set_item = True
    clock.seconds += 59
    await set_item(shop_pb2.AddItemRequest())
    assert (carts.set, carts.added) == (0, 4)
    clock.seconds += 1
    await set_item(shop_pb2.AddItemRequest())
    assert (carts.set, carts.added) == (1, 4)


async def test_another_error_of_a_method_with_fallback_reaches_the_caller(serve: Serve, carts: Carts) -> None:
    stub = await stub_of(carts, serve)
    carts.has_set_item = True
    set_item = MethodWithFallback(stub.SetItem, stub.AddItem, timeout_seconds=20)
    request = shop_pb2.AddItemRequest(item=shop_pb2.CartItem(product_id="refused"))
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await set_item(request)
    assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert carts.added == 0


async def stub_of(carts: Carts, serve: Serve) -> shop_pb2_grpc.CartServiceAsyncStub:
    service = GrpcService(CART_SERVICE, shop_pb2_grpc.add_CartServiceServicer_to_server, carts)
    return shop_pb2_grpc.CartServiceStub(await serve(service))
