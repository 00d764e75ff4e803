"""The shop's host names in Cloudflare."""

import pytest

from infra.aws.dns import Dns, DnsArgs
from infra.tests.conftest import Graph, Graphed

HOSTS = ["shop.example.com", "admin.example.com"]
TARGET = "boutique-prod-1.eu-central-1.elb.amazonaws.com"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"


@pytest.fixture(scope="module", params=[True, False], ids=["own zone", "shared zone"])
def owns_zone(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def graph(graphed: Graphed, owns_zone: bool) -> Graph:
    return graphed(lambda: Dns("dns", DnsArgs("zone", HOSTS, TARGET, owns_zone)))


def test_every_host_is_proxied_by_cloudflare_to_the_load_balancer(graph: Graph) -> None:
    records = graph.of_type("cloudflare:index/dnsRecord:DnsRecord")
    assert {record["name"]: (record["type"], record["content"]) for record in records.values()} == dict.fromkeys(
        HOSTS, ("CNAME", TARGET)
    )
    # Cloudflare accepts no other TTL for a proxied record.
    assert {(record["proxied"], record["ttl"], record["zoneId"]) for record in records.values()} == {(True, 1, "zone")}


def test_zone_settings_are_changed_only_if_the_stack_owns_the_zone(graph: Graph, owns_zone: bool) -> None:
    settings = {inputs["settingId"]: inputs["value"] for inputs in graph.of_type(SETTING).values()}
    assert settings == ({"ssl": "strict", "always_use_https": "on", "min_tls_version": "1.2"} if owns_zone else {})
