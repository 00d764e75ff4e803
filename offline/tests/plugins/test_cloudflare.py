"""Tests the emulated cloudflare plugin over gRPC, against the emulated API."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc.aio
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from boutique_offline.plugins.cloudflare.provider import CloudflareProvider
from boutique_offline.plugins.properties import UNKNOWN, decode, encode
from boutique_offline.plugins.serving import Engine, start
from offline.tests.plugins.cloudflare_account import ZONE, Cloudflare, emulated_cloudflare

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
SHOP = {
    "zoneId": ZONE,
    "name": "shop.example.com",
    "type": "CNAME",
    "content": "lb.example.net",
    "ttl": 1,
    "proxied": True,
}


@pytest.fixture(scope="module")
def cloudflare() -> Iterator[Cloudflare]:
    with emulated_cloudflare() as cloudflare:
        yield cloudflare


@pytest.fixture
async def provider(cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    for name, value in cloudflare.variables.items():
        monkeypatch.setenv(name, value)
    async with connected() as stub:
        await stub.Configure(provider_pb2.ConfigureRequest())
        yield stub


class connected:  # noqa: N801 (used like a function)
    """Starts a plugin and returns a client; the plugin is not configured."""

    async def __aenter__(self) -> Any:
        self._server, port = await start(CloudflareProvider(Engine(None)))
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return provider_pb2_grpc.ResourceProviderStub(self._channel)

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()
        await self._server.stop(None)


async def create(provider: Any, kind: str, inputs: dict[str, Any]) -> Any:
    return await provider.Create(provider_pb2.CreateRequest(type=kind, properties=encode(inputs)))


async def read(provider: Any, kind: str, identifier: str, inputs: dict[str, Any]) -> Any:
    request = provider_pb2.ReadRequest(type=kind, id=identifier, inputs=encode(inputs), properties=encode(inputs))
    return await provider.Read(request)


async def delete(provider: Any, kind: str, identifier: str, inputs: dict[str, Any]) -> None:
    await provider.Delete(provider_pb2.DeleteRequest(type=kind, id=identifier, properties=encode(inputs)))


async def test_a_record_is_created_changed_and_deleted(provider: Any, cloudflare: Cloudflare) -> None:
    created = await create(provider, RECORD, SHOP)
    assert cloudflare.ask("GET", f"dns_records/{created.id}")["content"] == "lb.example.net"
    changed = SHOP | {"content": "other.example.net"}
    await provider.Update(
        provider_pb2.UpdateRequest(type=RECORD, id=created.id, olds=created.properties, news=encode(changed))
    )
    assert cloudflare.ask("GET", f"dns_records/{created.id}")["content"] == "other.example.net"
    await delete(provider, RECORD, created.id, changed)
    assert cloudflare.ask("GET", "dns_records") == []
    await delete(provider, RECORD, created.id, changed)  # deleting it again succeeds


async def test_a_preview_creates_nothing_and_marks_unknown_values(provider: Any, cloudflare: Cloudflare) -> None:
    request = provider_pb2.CreateRequest(type=RECORD, properties=encode(SHOP | {"content": UNKNOWN}), preview=True)
    expected = decode((await provider.Create(request)).properties)
    assert (expected["content"], expected["createdOn"]) == (UNKNOWN, UNKNOWN)
    assert cloudflare.ask("GET", "dns_records") == []


async def test_a_refresh_detects_changes_and_deletions(provider: Any, cloudflare: Cloudflare) -> None:
    created = await create(provider, RECORD, SHOP)
    path = f"dns_records/{created.id}"
    cloudflare.ask("PATCH", path, {"content": "drifted.example.net", "comment": None})
    seen = decode((await read(provider, RECORD, created.id, SHOP | {"comment": "The shop"})).inputs)
    assert seen == SHOP | {"content": "drifted.example.net"}
    cloudflare.ask("DELETE", path)
    assert (await read(provider, RECORD, created.id, SHOP)).id == ""


async def test_existing_resources_can_be_imported(provider: Any, cloudflare: Cloudflare) -> None:
    by_hand = {"name": "shop.example.com", "type": "A", "content": "192.0.2.1", "ttl": 300, "proxied": False}
    identifier = cloudflare.ask("POST", "dns_records", by_hand)["id"]
    record = await read(provider, RECORD, f"{ZONE}/{identifier}", {})
    assert (record.id, decode(record.inputs)) == (identifier, by_hand | {"zoneId": ZONE})
    cloudflare.ask("DELETE", f"dns_records/{identifier}")

    setting = await read(provider, SETTING, f"{ZONE}/min_tls_version", {})
    assert setting.id == "min_tls_version"
    assert decode(setting.inputs) == {"zoneId": ZONE, "settingId": "min_tls_version", "value": "1.0"}


async def test_an_invalid_import_id_is_explained(provider: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match=r"import: 'shop': must be <zone id>/<id>"):
        await read(provider, RECORD, "shop", {})


async def test_deleting_a_setting_leaves_its_value(provider: Any, cloudflare: Cloudflare) -> None:
    inputs = {"zoneId": ZONE, "settingId": "ssl", "value": "strict"}
    created = await create(provider, SETTING, inputs)
    assert created.id == "ssl"
    await delete(provider, SETTING, created.id, inputs)
    assert cloudflare.ask("GET", "settings/ssl")["value"] == "strict"


@pytest.mark.parametrize(
    ("kind", "changes", "replaces"), [(RECORD, {"content": "new"}, []), (RECORD, {"zoneId": "b" * 32}, ["zoneId"])]
)
async def test_only_a_change_of_zone_replaces_a_record(
    provider: Any, kind: str, changes: dict[str, Any], replaces: list[str]
) -> None:
    response = await provider.Diff(
        provider_pb2.DiffRequest(type=kind, old_inputs=encode(SHOP), news=encode(SHOP | changes))
    )
    assert list(response.diffs) == list(changes)
    assert list(response.replaces) == replaces


@pytest.mark.parametrize(
    ("kind", "inputs", "named"),
    [
        (RECORD, SHOP | {"ttl": 60}, "ttl must be 1"),
        (RECORD, SHOP | {"priority": 1}, "priority is not covered"),
        (RECORD, {"zoneId": ZONE, "type": "A", "ttl": 1}, "name is required"),
        ("cloudflare:index/ruleset:Ruleset", {}, "Ruleset is not covered"),
    ],
)
async def test_an_invalid_input_is_named_before_anything_is_created(
    provider: Any, kind: str, inputs: dict[str, Any], named: str
) -> None:
    response = await provider.Check(provider_pb2.CheckRequest(type=kind, news=encode(inputs)))
    assert named in response.failures[0].reason


async def test_an_error_has_the_message_of_cloudflare(provider: Any) -> None:
    created = await create(provider, RECORD, SHOP)
    with pytest.raises(grpc.aio.AioRpcError, match="81058: An identical record already exists"):
        await create(provider, RECORD, SHOP)
    await delete(provider, RECORD, created.id, SHOP)


async def test_a_zone_can_be_looked_up(provider: Any) -> None:
    request = provider_pb2.InvokeRequest(tok="cloudflare:index/getZone:getZone", args=encode({"zoneId": ZONE}))
    response = decode(getattr(await provider.Invoke(request), "return"))
    assert (response["name"], response["status"]) == ("example.com", "active")
    request = provider_pb2.InvokeRequest(tok="cloudflare:index/getZone:getZone", args=encode({"zoneId": "0" * 32}))
    with pytest.raises(grpc.aio.AioRpcError, match="9109: Unauthorized"):
        await provider.Invoke(request)


@pytest.mark.parametrize(
    ("endpoint_given", "named"),
    [
        ("", "BOUTIQUE_CLOUDFLARE_ENDPOINT must have its address"),
        ("https://api.cloudflare.com", "must be an http address of this machine"),
        ("http://192.0.2.1", "must be an http address of this machine"),
    ],
)
async def test_an_endpoint_that_is_not_on_this_machine_is_refused(
    monkeypatch: pytest.MonkeyPatch, endpoint_given: str, named: str
) -> None:
    monkeypatch.setenv("BOUTIQUE_CLOUDFLARE_ENDPOINT", endpoint_given)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
    async with connected() as stub:
        with pytest.raises(grpc.aio.AioRpcError, match=named):
            await stub.Configure(provider_pb2.ConfigureRequest())
