"""Tests the bill of a plan and its prices, with a server that behaves like AWS' price list."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from boutique_definition.validation import ConfigError
from cli.account import read_aws_settings
from cli.cost.cheaper import cheaper_values
from cli.cost.lines import Basis, Line, Query, bill
from cli.cost.price_list import CACHE_DAYS, Prices, find_prices
from cli.cost.report import cost
from cli.plan import State, read_plan
from dev.virtual_environment import ROOT

TODAY = date(2026, 11, 24)
REGION = "eu-central-1"
NAT = Query("AmazonEC2", "NatGateway-Hours", (("operation", "NatGateway"),))
KEY = Query("awskms", "KMS-Keys")
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's placeholder for an unknown value."""

Tier = tuple[str, str, str]
"""The start of the range, the price in US dollars, the unit."""


def product(sku: str, usage: str, *tiers: Tier, **attributes: str) -> dict[str, Any]:
    """Returns a product as in a response of GetProducts. Source: AWS Price List Service, GetProducts, examples."""
    return {
        "product": {
            "sku": sku,
            "productFamily": "Any",
            "attributes": {"regionCode": REGION, "usagetype": usage, **attributes},
        },
        "serviceCode": "Any",
        "terms": {
            "OnDemand": {
                f"{sku}.JRTCKXETXF": {
                    "priceDimensions": {
                        f"{sku}.JRTCKXETXF.{number}": {
                            "beginRange": begin,
                            "endRange": "Inf",
                            "unit": unit,
                            "pricePerUnit": {"USD": usd},
                        }
                        for number, (begin, usd, unit) in enumerate(tiers)
                    }
                }
            },
            "Reserved": {},
        },
        "version": "20261101000000",
        "publicationDate": "2026-11-01T00:00:00Z",
    }


NAT_PRODUCT = product("NAT1", "EUC1-NatGateway-Hours", ("0", "0.0520000000", "Hrs"), operation="NatGateway")
KEY_PRODUCT = product("KEY1", "eu-central-1-KMS-Keys", ("0", "1.0000000000", "Keys"))


@dataclass
class PriceList:
    """Returns the `products` that match the filters, one per page, after throttling a number of requests."""

    products: list[dict[str, Any]] = field(default_factory=list)
    throttled: int = 0
    invalid: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(dict(request))
        if self.throttled:
            self.throttled -= 1
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        if request["ServiceCode"] == self.invalid:
            return 400, {"__type": "InvalidParameterException", "message": "no such field"}
        matching = [one for one in self.products if self._matches(one, request["Filters"])]
        page = int(request.get("NextToken", "0"))
        more = {"NextToken": str(page + 1)} if page + 1 < len(matching) else {}
        return 200, {"FormatVersion": "aws_v1", "PriceList": list(map(json.dumps, matching[page : page + 1])), **more}

    @staticmethod
    def _matches(one: Mapping[str, Any], filters: Sequence[Mapping[str, str]]) -> bool:
        attributes = one["product"]["attributes"]
        return all(
            wanted["Value"] in attributes.get(wanted["Field"], "")
            if wanted["Type"] == "CONTAINS"
            else wanted["Value"] == attributes.get(wanted["Field"])
            for wanted in filters
        )


@pytest.fixture
def price_list(monkeypatch: pytest.MonkeyPatch) -> Iterator[PriceList]:
    prices = PriceList()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            assert "/us-east-1/pricing/" in self.headers["Authorization"]
            status, content = prices.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Discards it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", f"http://127.0.0.1:{server.server_port}")
        yield prices
        server.shutdown()


@pytest.fixture
def without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


def lines(*resources: tuple[str, dict[str, Any]], stack: str = "prod") -> dict[str, Line]:
    """Returns the lines of the bill by item."""
    return {line.what: line for line in bill([State(*resource) for resource in resources], read_aws_settings(stack))}


def prices_of(directory: Path, *queries: Query, today: date = TODAY) -> Prices:
    return find_prices(queries, REGION, directory, today)


# The bill


def test_a_nat_gateway_is_billed_by_the_hour_and_by_traffic() -> None:
    found = lines(*[("aws:ec2/natGateway:NatGateway", {})] * 3)
    assert found["NAT gateway"].quantity == 3
    assert found["NAT gateway"].basis is Basis.HOUR
    assert found["NAT gateway"].settings[0] == "aws.network.nat"
    assert found["Data through NAT gateways"].basis is Basis.USE


def test_an_interface_endpoint_is_billed_per_subnet_and_a_gateway_endpoint_is_free() -> None:
    kind = "aws:ec2/vpcEndpoint:VpcEndpoint"
    interface = {"vpcEndpointType": "Interface", "subnetIds": [UNKNOWN] * 3}
    found = lines((kind, interface), (kind, interface), (kind, {"vpcEndpointType": "Gateway"}))
    assert found["Interface endpoint in a subnet"].quantity == 6


def test_public_addresses_are_billed_per_gateway_and_per_subnet_of_the_load_balancer() -> None:
    balancer = {"internal": False, "subnets": [UNKNOWN] * 2}
    found = lines(("aws:ec2/eip:Eip", {}), ("aws:lb/loadBalancer:LoadBalancer", balancer))
    assert found["Public IPv4 address of a NAT gateway"].quantity == 1
    assert found["Public IPv4 address of the load balancer (at least)"].quantity == 2


def test_an_internal_load_balancer_has_no_public_address() -> None:
    found = lines(("aws:lb/loadBalancer:LoadBalancer", {"internal": True, "subnets": [UNKNOWN] * 2}))
    assert list(found) == ["Application load balancer", "Load balancer, capacity units"]


def test_nodes_have_no_price_since_they_are_not_in_the_plan() -> None:
    nodes = lines(("aws:eks/cluster:Cluster", {}))["EKS Auto Mode nodes, and their volumes"]
    assert nodes.query is None
    assert nodes.unpriced.startswith("not in the plan")


def test_a_standby_is_priced_with_its_instance_and_its_storage() -> None:
    found = lines(
        ("aws:rds/instance:Instance", {"instanceClass": "db.m7g.large", "allocatedStorage": 100, "multiAz": True})
    )
    instance, storage = (
        found["RDS instance and standby, db.m7g.large"],
        found["RDS instance and standby, initial storage (gp3)"],
    )
    assert instance.query
    assert storage.query
    assert ("deploymentOption", "Multi-AZ") in instance.query.attributes
    assert storage.query.usage == "RDS:Multi-AZ-GP3-Storage"
    assert (instance.quantity, storage.quantity) == (1, 100)


def test_replicas_are_billed_as_instances_with_the_storage_of_the_primary() -> None:
    replica = ("aws:rds/instance:Instance", {"instanceClass": "db.m7g.large", "replicateSourceDb": UNKNOWN})
    found = lines(replica, replica)
    assert found["RDS read replica, db.m7g.large"].quantity == 2
    assert found["RDS read replica, initial storage (gp3)"].quantity == 200
    assert "aws.database.readReplicas" in found["RDS read replica, db.m7g.large"].settings


def test_advanced_insights_are_listed_without_a_price() -> None:
    database = {"instanceClass": "db.m7g.large", "allocatedStorage": 100, "databaseInsightsMode": "advanced"}
    assert lines(("aws:rds/instance:Instance", database))["RDS instance, advanced insights"].query is None


def test_each_node_of_a_cache_is_billed() -> None:
    found = lines(
        (
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {
                "replicationGroupId": "boutique-prod-session-data",
                "nodeType": "cache.m7g.large",
                "engine": "valkey",
                "numCacheClusters": 3,
            },
        )
    )
    nodes = found["ElastiCache node of sessions, cache.m7g.large"]
    assert nodes.quantity == 3
    assert nodes.query
    assert ("cacheEngine", "Valkey") in nodes.query.attributes
    assert nodes.settings == ("aws.caches.sessions.nodeType", "aws.caches.sessions.replicas")


def test_logs_of_the_database_are_another_product_than_vended_logs() -> None:
    kind = "aws:cloudwatch/logGroup:LogGroup"
    found = lines((kind, {"name": "/aws/rds/instance/a/postgresql"}), (kind, {"name": "/aws/eks/a/cluster"}))
    assert found["Log ingestion from RDS"].quantity == 1
    assert found["Log ingestion, vended"].quantity == 1
    assert found["Log storage"].quantity == 2


def test_free_resources_add_no_line() -> None:
    assert lines(("aws:iam/role:Role", {}), ("kubernetes:apps/v1:Deployment", {})) == {}


def test_a_cheaper_value_is_shown_if_there_is_one() -> None:
    cheaper = cheaper_values(read_aws_settings("prod"))
    assert cheaper["aws.network.nat"] == "one"
    assert cheaper["aws.database.standby"] == "false"
    assert cheaper["aws.database.storage"].startswith("20 for a new database")
    assert "aws.network.nat" not in cheaper_values(read_aws_settings("demo"))


def test_cheaper_values_respect_what_a_protected_stack_needs() -> None:
    cheaper = cheaper_values(read_aws_settings("prod"))
    assert cheaper["aws.database.backupDays"] == "7"
    assert cheaper["aws.caches.carts.snapshotDays"] == "1"


# Prices


def test_a_price_is_requested_once_and_then_read_from_the_cache(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [NAT_PRODUCT]
    first = prices_of(tmp_path, NAT)
    again = prices_of(tmp_path, NAT, today=TODAY + timedelta(days=CACHE_DAYS - 1))
    assert first == again
    assert first.found[NAT.key].usd == Decimal("0.052")
    assert len(price_list.requests) == 1
    assert json.loads((tmp_path / f"{REGION}.json").read_text()) == {
        "date": "2026-11-24",
        "prices": {NAT.key: {"usd": "0.0520000000", "unit": "Hrs", "sku": "NAT1"}},
    }


def test_a_price_is_requested_again_after_thirty_days(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [NAT_PRODUCT]
    prices_of(tmp_path, NAT)
    later = TODAY + timedelta(days=CACHE_DAYS)
    price_list.products = [product("NAT1", "EUC1-NatGateway-Hours", ("0", "0.06", "Hrs"), operation="NatGateway")]
    found = prices_of(tmp_path, NAT, today=later)
    assert (found.found[NAT.key].usd, found.date) == (Decimal("0.06"), later)


@pytest.mark.usefixtures("without_credentials")
def test_an_old_price_is_not_used_without_credentials_either(price_list: PriceList, tmp_path: Path) -> None:
    kept = {"date": "2026-10-25", "prices": {NAT.key: {"usd": "0.052", "unit": "Hrs", "sku": "NAT1"}}}
    (tmp_path / f"{REGION}.json").write_text(json.dumps(kept))
    found = prices_of(tmp_path, NAT)
    assert found.found == {}
    assert price_list.requests == []


def test_a_new_price_does_not_change_the_date_of_older_ones(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [NAT_PRODUCT, KEY_PRODUCT]
    prices_of(tmp_path, NAT)
    both = prices_of(tmp_path, NAT, KEY, today=TODAY + timedelta(days=2))
    assert set(both.found) == {NAT.key, KEY.key}
    assert both.date == TODAY
    assert len(price_list.requests) == 2


def test_a_product_on_a_later_page_is_found(price_list: PriceList, tmp_path: Path) -> None:
    regional = product("NAT2", "EUC1-RegionalNatGateway-Hours", ("0", "9", "Hrs"), operation="NatGateway")
    price_list.products = [regional, NAT_PRODUCT]
    assert prices_of(tmp_path, NAT).found[NAT.key].sku == "NAT1"
    assert len(price_list.requests) == 2


def test_a_throttled_request_is_retried(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products, price_list.throttled = [NAT_PRODUCT], 1
    assert NAT.key in prices_of(tmp_path, NAT).found


def test_no_further_requests_follow_a_request_that_stays_throttled(
    price_list: PriceList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    price_list.products, price_list.throttled = [NAT_PRODUCT, KEY_PRODUCT], 1000
    found = prices_of(tmp_path, NAT, KEY)
    assert found.found == {}
    assert all("Rate exceeded" in found.reasons[query.key] for query in (NAT, KEY))
    assert {request["ServiceCode"] for request in price_list.requests} == {"AmazonEC2"}
    assert list(tmp_path.iterdir()) == []


def test_an_invalid_request_does_not_affect_the_others(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products, price_list.invalid = [NAT_PRODUCT, KEY_PRODUCT], "AmazonEC2"
    found = prices_of(tmp_path, NAT, KEY)
    assert set(found.found) == {KEY.key}
    assert "no such field" in found.reasons[NAT.key]


@pytest.mark.usefixtures("price_list")
def test_a_missing_product_has_no_price(tmp_path: Path) -> None:
    found = prices_of(tmp_path, NAT)
    assert found.found == {}
    assert found.reasons[NAT.key] == f"AWS lists no product for {NAT.key} in {REGION}"


def test_an_ambiguous_product_has_no_price(price_list: PriceList, tmp_path: Path) -> None:
    other = product("NAT2", "EUC1-NatGateway-Hours", ("0", "0.052", "Hrs"), operation="NatGateway")
    price_list.products = [NAT_PRODUCT, other]
    found = prices_of(tmp_path, NAT)
    assert found.found == {}
    assert found.reasons[NAT.key] == f"AWS lists 2 products for {NAT.key} in {REGION}: NAT1, NAT2"


def test_a_free_tier_is_ignored(price_list: PriceList, tmp_path: Path) -> None:
    tiers = (("0", "0.0000000000", "Keys"), ("20", "1.5", "Keys"), ("100", "1.0", "Keys"))
    price_list.products = [product("KEY1", "eu-central-1-KMS-Keys", *tiers)]
    assert prices_of(tmp_path, KEY).found[KEY.key].usd == Decimal("1.5")


def test_a_free_product_has_no_price(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [product("KEY1", "eu-central-1-KMS-Keys", ("0", "0.0000000000", "Keys"))]
    assert prices_of(tmp_path, KEY).reasons[KEY.key].endswith("US dollars for the product KEY1")


def test_a_product_with_two_prices_has_no_price(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [product("KEY1", "eu-central-1-KMS-Keys", ("0", "1", "Keys"), ("0", "2", "Keys"))]
    assert prices_of(tmp_path, KEY).reasons[KEY.key] == "AWS lists 2 prices for the product KEY1"


@pytest.mark.parametrize(
    ("usage", "wanted"),
    [
        ("NatGateway-Hours", True),
        ("EU-NatGateway-Hours", True),
        ("EUC1-NatGateway-Hours", True),
        ("eu-central-1-NatGateway-Hours", True),
        ("EUC1-RegionalNatGateway-Hours", False),
        ("TS-NatGateway-Hours", False),
        ("EUC1-HAM1-NatGateway-Hours", False),
        ("EUC1-NatGateway-Hours-Reserved", False),
    ],
)
def test_only_the_prefix_of_the_region_is_ignored(
    price_list: PriceList, tmp_path: Path, usage: str, wanted: bool
) -> None:
    price_list.products = [product("NAT1", usage, ("0", "1", "Hrs"), operation="NatGateway")]
    assert (NAT.key in prices_of(tmp_path, NAT).found) == wanted


def test_the_size_in_a_usage_type_may_be_abbreviated(price_list: PriceList, tmp_path: Path) -> None:
    query = Query("AmazonRDS", "InstanceUsage:", (("instanceType", "db.m5.xlarge"),))
    price_list.products = [
        product("DB1", "EUC1-InstanceUsage:db.m5.xl", ("0", "0.4", "Hrs"), instanceType="db.m5.xlarge"),
        product("DB2", "EUC1-ServerlessInstanceUsage:db.m5.xl", ("0", "0.9", "Hrs"), instanceType="db.m5.xlarge"),
    ]
    assert prices_of(tmp_path, query).found[query.key].sku == "DB1"


def test_an_invalid_cache_is_an_error_that_names_the_key(tmp_path: Path) -> None:
    (tmp_path / f"{REGION}.json").write_text('{"date": "2026-11-24", "prices": {"a": {"usd": "cheap"}}}')
    with pytest.raises(ConfigError, match=rf"{re.escape(REGION)}\.json: prices\.a\.usd: 'cheap'"):
        prices_of(tmp_path, NAT)


# The report


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Writes the plan of a stack with two keys, a cluster, and a NAT gateway that is replaced."""

    def step(op: str, name: str, kind: str) -> dict[str, Any]:
        urn = f"urn:pulumi:dev::boutique::{kind}::{name}"
        return {"op": op, "urn": urn, "newState": {"urn": urn, "type": kind, "inputs": {}}}

    steps = [
        step("create-replacement", "nat", "aws:ec2/natGateway:NatGateway"),
        step("replace", "nat", "aws:ec2/natGateway:NatGateway"),
        step("create", "key-1", "aws:kms/key:Key"),
        step("same", "key-2", "aws:kms/key:Key"),
        step("same", "cluster", "aws:eks/cluster:Cluster"),
        {"op": "delete", "urn": "urn:old", "oldState": {"type": "aws:kms/key:Key", "inputs": {}}},
    ]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"steps": steps, "changeSummary": {"create": 1, "same": 2, "replace": 1, "delete": 1}}))
    return file


def test_the_most_expensive_line_is_first_and_the_total_is_broken_down(
    price_list: PriceList, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price_list.products = [KEY_PRODUCT, NAT_PRODUCT]
    cost("dev", plan, plan.parent / "prices")
    printed = capsys.readouterr().out
    rows = [re.split(r"\s{2,}", row) for row in printed.splitlines()]
    assert rows[1] == ["NAT gateway", "1", "hours", "0.052", "37.96", "aws.network.nat, aws.network.zones"]
    assert rows[2] == ["KMS key", "2", "keys a month", "1", "2.00", "-"]
    assert (
        "39.96 USD a month: 37.96 for 730 hours, 2.00 billed by the month. "
        "Not included: 0 lines billed by usage, 4 without a price." in printed
    )
    assert "EKS Auto Mode nodes, and their volumes" in printed


def test_usage_has_a_price_but_no_amount(price_list: PriceList, plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    price_list.products = [
        product("NAT2", "EUC1-NatGateway-Bytes", ("0", "0.0520000000", "GB"), operation="NatGateway")
    ]
    cost("dev", plan, plan.parent / "prices")
    printed = capsys.readouterr().out
    assert re.search(r"^Data through NAT gateways +1 +GB +0\.052 +aws\.network\.nat", printed, re.MULTILINE)
    assert "No total, since no price is known: 1 lines billed by usage" in printed


def test_a_price_in_another_unit_is_not_used(
    price_list: PriceList, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price_list.products = [product("NAT1", "EUC1-NatGateway-Hours", ("0", "1", "GB"), operation="NatGateway")]
    cost("dev", plan, plan.parent / "prices")
    assert "AWS bills it by GB, which is not the unit of this line" in capsys.readouterr().out


@pytest.mark.usefixtures("without_credentials")
def test_without_credentials_lines_are_listed_without_prices(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cost("dev", plan, plan.parent / "prices")
    printed = capsys.readouterr().out
    assert printed.count("no AWS credentials: sign in to get prices") == 5
    assert "No total, since no price is known" in printed


def test_resources_that_the_plan_omits_are_counted(
    plan: Path, capsys: pytest.CaptureFixture[str], price_list: PriceList
) -> None:
    assert read_plan(plan).omitted == 0
    content = json.loads(plan.read_text())
    content["changeSummary"]["same"] = 162
    plan.write_text(json.dumps(content))
    cost("dev", plan, plan.parent / "prices")
    assert f"160 unchanged resources are missing in {plan}" in capsys.readouterr().out
    assert price_list.requests


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"steps": [{"newState": {"id": 1}}]}', '{"steps": 1}'])
def test_an_invalid_plan_is_an_error_that_names_the_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"plan\.json: is not the output of `pulumi preview --json`"):
        read_plan(file)


def test_a_missing_plan_is_an_error_without_a_stack_trace() -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "cli", "cost", "dev", "--plan", "nowhere.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr.strip()) == (1, "nowhere.json: No such file or directory")
