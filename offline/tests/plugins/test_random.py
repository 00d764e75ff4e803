"""Tests the values that the emulated provider `random` generates."""

import string
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from boutique_offline.plugins.properties import UNKNOWN, Secret, decode, encode, reveal
from boutique_offline.plugins.random.provider import RandomProvider
from boutique_offline.plugins.serving import Engine, start

PASSWORD = "random:index/randomPassword:RandomPassword"


@pytest.fixture
async def provider() -> AsyncIterator[Any]:
    """Returns a gRPC client of the plugin, in place of the engine."""
    server, port = await start(RandomProvider(Engine(None)))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    await server.stop(None)


async def _create(provider: Any, kind: str, **inputs: Any) -> Any:
    return await provider.Create(provider_pb2.CreateRequest(type=kind, properties=encode(inputs)))


async def test_a_password_is_secret_and_contains_the_required_characters(provider: Any) -> None:
    created = await _create(provider, PASSWORD, length=20, special=False, minNumeric=3, minUpper=2)
    result = decode(created.properties)["result"]
    assert isinstance(result, Secret)
    assert len(result.value) == 20
    assert sum(character in string.digits for character in result.value) >= 3
    assert sum(character in string.ascii_uppercase for character in result.value) >= 2
    assert result.value.isalnum()


async def test_two_passwords_differ(provider: Any) -> None:
    created = [await _create(provider, PASSWORD, length=20) for _ in range(2)]
    assert len({reveal(decode(one.properties))["result"] for one in created}) == 2


async def test_a_preview_generates_nothing(provider: Any) -> None:
    request = provider_pb2.CreateRequest(type=PASSWORD, properties=encode({"length": 8}), preview=True)
    assert decode((await provider.Create(request)).properties) == {"length": 8, "result": UNKNOWN}


async def test_only_a_changed_input_replaces_the_value(provider: Any) -> None:
    old = encode({"length": 8, "keepers": {"day": "1"}})
    for new, replaces in ((old, []), (encode({"length": 8, "keepers": {"day": "2"}}), ["keepers"])):
        response = await provider.Diff(provider_pb2.DiffRequest(old_inputs=old, news=new))
        assert list(response.replaces) == replaces


@pytest.mark.parametrize(
    ("kind", "inputs", "named"),
    [
        (PASSWORD, {"length": 0}, "length"),
        (PASSWORD, {"length": "8"}, "length"),
        (PASSWORD, {"length": 4, "minLower": 3, "minUpper": 2}, "minLower"),
        (PASSWORD, {"length": 4, "lower": False, "upper": False, "numeric": False, "special": False}, "numeric"),
        ("random:index/randomId:RandomId", {"byteLength": 4}, "RandomId"),
    ],
)
async def test_an_invalid_input_is_named(provider: Any, kind: str, inputs: dict[str, Any], named: str) -> None:
    response = await provider.Check(provider_pb2.CheckRequest(type=kind, news=encode(inputs)))
    assert named in response.failures[0].reason
