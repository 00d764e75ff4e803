"""Tests how a provider is served: its errors, its messages, and its end."""

# ruff: noqa: N802 - the methods have the names of the protocol
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from boutique_offline.plugins.properties import Secret, decode
from boutique_offline.plugins.serving import Engine, InitializationFailedError, PluginError, start

ROOT = Path(__file__).parents[3]


class _Failing(provider_pb2_grpc.ResourceProviderServicer):
    async def Create(self, request: provider_pb2.CreateRequest, _: Any) -> provider_pb2.CreateResponse:
        match request.name:
            case "refused":
                raise PluginError("the name is taken")
            case "unready":
                raise InitializationFailedError(["no image"], "shop/cart", {"data": Secret("x")}, {"a": 1})
            case _:
                raise ZeroDivisionError


@pytest.fixture
async def provider() -> AsyncIterator[Any]:
    server, port = await start(_Failing())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    await server.stop(None)


async def _failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value


async def test_the_message_of_a_refusal_reaches_the_user_unchanged(provider: Any) -> None:
    assert (
        await _failure(provider.Create(provider_pb2.CreateRequest(name="refused")))
    ).details() == "the name is taken"


async def test_the_engine_gets_the_state_of_a_resource_that_is_not_ready(provider: Any) -> None:
    failure = await _failure(provider.Create(provider_pb2.CreateRequest(name="unready")))
    metadata = dict(failure.trailing_metadata() or ())
    detail = provider_pb2.ErrorResourceInitFailed()
    status_pb2.Status.FromString(metadata["grpc-status-details-bin"]).details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("shop/cart", ["no image"])
    assert decode(detail.properties) == {"data": Secret("x")}


async def test_an_unexpected_exception_is_reported_as_a_bug(provider: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "bug" in str((await _failure(provider.Create(provider_pb2.CreateRequest()))).details())
    assert "ZeroDivisionError" in capsys.readouterr().err


async def test_a_method_that_is_not_covered_is_named(provider: Any) -> None:
    failure = await _failure(provider.Update(provider_pb2.UpdateRequest()))
    assert failure.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "Update is not covered" in str(failure.details())


async def test_messages_are_dropped_if_the_engine_has_ended() -> None:
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        engine = Engine(channel)
        engine.warn("urn", "a warning")
        await asyncio.gather(*engine._unsent)


@pytest.fixture
async def engine() -> AsyncIterator[tuple[grpc.aio.Server, int]]:
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(engine_pb2_grpc.EngineServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield server, port
    await server.stop(None)


@asynccontextmanager
async def _plugin(engine_port: int) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Yields a plugin's process and the port that it printed. The process must end by the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "boutique_offline.plugins.random", f"127.0.0.1:{engine_port}"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield process, int(await process.stdout.readline())
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_plugin_prints_its_port_and_ends_on_a_signal(
    engine: tuple[grpc.aio.Server, int],
) -> None:
    async with _plugin(engine[1]) as (process, port), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
        assert (await stub.Handshake(provider_pb2.ProviderHandshakeRequest())).accept_secrets
        process.send_signal(signal.SIGINT)


async def test_a_plugin_ends_when_its_engine_is_killed(engine: tuple[grpc.aio.Server, int]) -> None:
    async with _plugin(engine[1]):
        await engine[0].stop(None)
