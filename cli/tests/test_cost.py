"""What a plan is paid for, and at which price: against a price list that answers as AWS' does."""

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
from cli.cost import report
from cli.cost.cheaper import cheaper_values
from cli.cost.lines import Basis, Line, Query, bill
from cli.cost.price_list import KEPT_DAYS, Prices, find_prices
from cli.cost.report import cost
from cli.plan import read_plan
from dev.virtual_environment import ROOT

TODAY = date(2026, 11, 24)
REGION = "eu-central-1"
NAT = Query("AmazonEC2", "NatGateway-Hours", (("operation", "NatGateway"),))
KEY = Query("awskms", "KMS-Keys")
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes a value that is not known before it is made."""

Tier = tuple[str, str, str]
"""Where it begins, its price in US dollars, its unit."""


def product(sku: str, usage: str, *tiers: Tier, **attributes: str) -> dict[str, Any]:
    """As GetProducts answers it. Source: AWS Price List Service, GetProducts, examples."""
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
    """Answers `products` that match the filters, one a page, after it has refused so many requests for their number."""

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
            """Nobody reads it."""

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
    """What these add to a bill, by what it is."""
    return {line.what: line for line in bill(resources, read_aws_settings(stack))}


def prices_of(directory: Path, *queries: Query, today: date = TODAY) -> Prices:
    return find_prices(queries, REGION, directory, today)


# What is paid for


def test_a_nat_gateway_is_paid_by_the_hour_and_by_what_goes_through_it() -> None:
    found = lines(*[("aws:ec2/natGateway:NatGateway", {})] * 3)
    assert found["NAT gateway"].quantity == 3
    assert found["NAT gateway"].basis is Basis.HOUR
    assert found["NAT gateway"].settings[0] == "aws.network.nat"
    assert found["Data through NAT gateways"].basis is Basis.USE


def test_an_interface_endpoint_is_paid_in_each_subnet_and_a_gateway_is_not() -> None:
    kind = "aws:ec2/vpcEndpoint:VpcEndpoint"
    interface = {"vpcEndpointType": "Interface", "subnetIds": [UNKNOWN] * 3}
    found = lines((kind, interface), (kind, interface), (kind, {"vpcEndpointType": "Gateway"}))
    assert found["Interface endpoint in a subnet"].quantity == 6


def test_public_addresses_are_those_of_the_gateways_and_of_the_load_balancer_in_each_subnet() -> None:
    balancer = {"internal": False, "subnets": [UNKNOWN] * 2}
    found = lines(("aws:ec2/eip:Eip", {}), ("aws:lb/loadBalancer:LoadBalancer", balancer))
    assert found["Public IPv4 address of a NAT gateway"].quantity == 1
    assert found["Public IPv4 address of the load balancer (at least)"].quantity == 2


def test_an_internal_load_balancer_has_no_public_address() -> None:
    found = lines(("aws:lb/loadBalancer:LoadBalancer", {"internal": True, "subnets": [UNKNOWN] * 2}))
    assert list(found) == ["Application load balancer", "Load balancer, capacity units"]


def test_nodes_are_said_not_to_be_in_the_plan() -> None:
    nodes = lines(("aws:eks/cluster:Cluster", {}))["EKS Auto Mode nodes, and their volumes"]
    assert nodes.query is None
    assert nodes.unpriced.startswith("not in the plan")


def test_a_standby_is_priced_with_its_instance_and_its_storage() -> None:
    found = lines(
        ("aws:rds/instance:Instance", {"instanceClass": "db.m7g.large", "allocatedStorage": 100, "multiAz": True})
    )
    instance, storage = (
        found["RDS instance and standby, db.m7g.large"],
        found["RDS instance and standby, storage (gp3) at first"],
    )
    assert instance.query
    assert storage.query
    assert ("deploymentOption", "Multi-AZ") in instance.query.attributes
    assert storage.query.usage == "RDS:Multi-AZ-GP3-Storage"
    assert (instance.quantity, storage.quantity) == (1, 100)


def test_replicas_are_instances_of_their_own_with_as_much_storage_as_the_primary() -> None:
    replica = ("aws:rds/instance:Instance", {"instanceClass": "db.m7g.large", "replicateSourceDb": UNKNOWN})
    found = lines(replica, replica)
    assert found["RDS read replica, db.m7g.large"].quantity == 2
    assert found["RDS read replica, storage (gp3) at first"].quantity == 200
    assert "aws.database.readReplicas" in found["RDS read replica, db.m7g.large"].settings


def test_advanced_insights_are_listed_though_no_plan_tells_their_price() -> None:
    database = {"instanceClass": "db.m7g.large", "allocatedStorage": 100, "databaseInsightsMode": "advanced"}
    assert lines(("aws:rds/instance:Instance", database))["RDS instance, advanced insights"].query is None


def test_each_node_of_a_cache_is_paid() -> None:
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


def test_logs_of_the_database_are_another_product_than_those_that_aws_writes_of_itself() -> None:
    kind = "aws:cloudwatch/logGroup:LogGroup"
    found = lines((kind, {"name": "/aws/rds/instance/a/postgresql"}), (kind, {"name": "/aws/eks/a/cluster"}))
    assert found["Log ingestion from RDS"].quantity == 1
    assert found["Log ingestion, vended"].quantity == 1
    assert found["Logs kept"].quantity == 2


def test_what_costs_nothing_adds_no_line() -> None:
    assert lines(("aws:iam/role:Role", {}), ("kubernetes:apps/v1:Deployment", {})) == {}


def test_a_cheaper_value_is_told_where_there_is_one() -> None:
    cheaper = cheaper_values(read_aws_settings("prod"))
    assert cheaper["aws.network.nat"] == "one"
    assert cheaper["aws.database.standby"] == "false"
    assert cheaper["aws.database.storage"].startswith("20, of a new database")
    assert "aws.network.nat" not in cheaper_values(read_aws_settings("demo"))


def test_what_a_protected_stack_must_have_is_not_called_dispensable() -> None:
    cheaper = cheaper_values(read_aws_settings("prod"))
    assert cheaper["aws.database.backupDays"] == "7"
    assert cheaper["aws.caches.carts.snapshotDays"] == "1"


# At which price


def test_a_price_is_asked_for_once_and_then_taken_from_the_file(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [NAT_PRODUCT]
    first = prices_of(tmp_path, NAT)
    again = prices_of(tmp_path, NAT, today=TODAY + timedelta(days=KEPT_DAYS - 1))
    assert first == again
    assert first.found[NAT.key].usd == Decimal("0.052")
    assert len(price_list.requests) == 1
    assert json.loads((tmp_path / f"{REGION}.json").read_text()) == {
        "date": "2026-11-24",
        "prices": {NAT.key: {"usd": "0.0520000000", "unit": "Hrs", "sku": "NAT1"}},
    }


def test_after_thirty_days_a_price_is_asked_for_anew(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [NAT_PRODUCT]
    prices_of(tmp_path, NAT)
    later = TODAY + timedelta(days=KEPT_DAYS)
    price_list.products = [product("NAT1", "EUC1-NatGateway-Hours", ("0", "0.06", "Hrs"), operation="NatGateway")]
    found = prices_of(tmp_path, NAT, today=later)
    assert (found.found[NAT.key].usd, found.date) == (Decimal("0.06"), later)


@pytest.mark.usefixtures("without_credentials")
def test_an_old_price_is_not_used_where_none_can_be_asked_for(price_list: PriceList, tmp_path: Path) -> None:
    kept = {"date": "2026-10-25", "prices": {NAT.key: {"usd": "0.052", "unit": "Hrs", "sku": "NAT1"}}}
    (tmp_path / f"{REGION}.json").write_text(json.dumps(kept))
    found = prices_of(tmp_path, NAT)
    assert found.found == {}
    assert price_list.requests == []


def test_a_price_that_is_added_leaves_the_date_of_the_older_ones(price_list: PriceList, tmp_path: Path) -> None:
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


def test_a_throttled_question_is_asked_again(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products, price_list.throttled = [NAT_PRODUCT], 1
    assert NAT.key in prices_of(tmp_path, NAT).found


def test_no_further_questions_are_asked_of_a_price_list_that_goes_on_refusing(
    price_list: PriceList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    price_list.products, price_list.throttled = [NAT_PRODUCT, KEY_PRODUCT], 1000
    found = prices_of(tmp_path, NAT, KEY)
    assert found.found == {}
    assert all("Rate exceeded" in found.reasons[query.key] for query in (NAT, KEY))
    assert {request["ServiceCode"] for request in price_list.requests} == {"AmazonEC2"}
    assert list(tmp_path.iterdir()) == []


def test_one_question_that_aws_does_not_understand_spoils_no_other(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products, price_list.invalid = [NAT_PRODUCT, KEY_PRODUCT], "AmazonEC2"
    found = prices_of(tmp_path, NAT, KEY)
    assert set(found.found) == {KEY.key}
    assert "no such field" in found.reasons[NAT.key]


@pytest.mark.usefixtures("price_list")
def test_without_a_product_there_is_no_price(tmp_path: Path) -> None:
    found = prices_of(tmp_path, NAT)
    assert found.found == {}
    assert found.reasons[NAT.key] == f"AWS lists no product for {NAT.key} in {REGION}"


def test_of_two_products_neither_is_chosen(price_list: PriceList, tmp_path: Path) -> None:
    other = product("NAT2", "EUC1-NatGateway-Hours", ("0", "0.052", "Hrs"), operation="NatGateway")
    price_list.products = [NAT_PRODUCT, other]
    found = prices_of(tmp_path, NAT)
    assert found.found == {}
    assert found.reasons[NAT.key] == f"AWS lists 2 products for {NAT.key} in {REGION}: NAT1, NAT2"


def test_what_is_free_at_first_is_priced_as_what_comes_after(price_list: PriceList, tmp_path: Path) -> None:
    tiers = (("0", "0.0000000000", "Keys"), ("20", "1.5", "Keys"), ("100", "1.0", "Keys"))
    price_list.products = [product("KEY1", "eu-central-1-KMS-Keys", *tiers)]
    assert prices_of(tmp_path, KEY).found[KEY.key].usd == Decimal("1.5")


def test_a_product_that_is_only_free_has_no_price(price_list: PriceList, tmp_path: Path) -> None:
    price_list.products = [product("KEY1", "eu-central-1-KMS-Keys", ("0", "0.0000000000", "Keys"))]
    assert prices_of(tmp_path, KEY).reasons[KEY.key].endswith("US dollars for the product KEY1")


def test_of_two_prices_of_a_product_neither_is_chosen(price_list: PriceList, tmp_path: Path) -> None:
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
def test_only_the_regions_own_prefix_is_overlooked(
    price_list: PriceList, tmp_path: Path, usage: str, wanted: bool
) -> None:
    price_list.products = [product("NAT1", usage, ("0", "1", "Hrs"), operation="NatGateway")]
    assert (NAT.key in prices_of(tmp_path, NAT).found) == wanted


def test_the_size_in_a_usage_type_may_be_written_otherwise(price_list: PriceList, tmp_path: Path) -> None:
    query = Query("AmazonRDS", "InstanceUsage:", (("instanceType", "db.m5.xlarge"),))
    price_list.products = [
        product("DB1", "EUC1-InstanceUsage:db.m5.xl", ("0", "0.4", "Hrs"), instanceType="db.m5.xlarge"),
        product("DB2", "EUC1-ServerlessInstanceUsage:db.m5.xl", ("0", "0.9", "Hrs"), instanceType="db.m5.xlarge"),
    ]
    assert prices_of(tmp_path, query).found[query.key].sku == "DB1"


def test_a_file_of_prices_that_was_edited_wrongly_is_told_by_its_key(tmp_path: Path) -> None:
    (tmp_path / f"{REGION}.json").write_text('{"date": "2026-11-24", "prices": {"a": {"usd": "cheap"}}}')
    with pytest.raises(ConfigError, match=rf"{re.escape(REGION)}\.json: prices\.a\.usd: 'cheap'"):
        prices_of(tmp_path, NAT)


# What a person reads


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a stack with a NAT gateway that is replaced, two keys, and a cluster; prices go beside it."""
    monkeypatch.setattr(report, "PRICES", tmp_path / "prices")

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


def test_what_is_most_expensive_comes_first_and_the_total_says_what_it_is_of(
    price_list: PriceList, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price_list.products = [KEY_PRODUCT, NAT_PRODUCT]
    cost("dev", plan)
    printed = capsys.readouterr().out
    rows = [re.split(r"\s{2,}", row) for row in printed.splitlines()]
    assert rows[1] == ["NAT gateway", "1", "hours", "0.052", "37.96", "aws.network.nat, aws.network.zones"]
    assert rows[2] == ["KMS key", "2", "keys a month", "1", "2.00", "-"]
    assert (
        "39.96 USD a month: 37.96 for 730 hours, 2.00 for what is paid by the month. "
        "Not in it: 0 paid by use, 4 without a price." in printed
    )
    assert "EKS Auto Mode nodes, and their volumes" in printed


def test_what_is_paid_by_use_has_a_price_and_no_amount(
    price_list: PriceList, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price_list.products = [
        product("NAT2", "EUC1-NatGateway-Bytes", ("0", "0.0520000000", "GB"), operation="NatGateway")
    ]
    cost("dev", plan)
    printed = capsys.readouterr().out
    assert re.search(r"^Data through NAT gateways +1 +GB +0\.052 +aws\.network\.nat", printed, re.MULTILINE)
    assert "No total, for want of prices: 1 paid by use" in printed


def test_a_price_in_another_measure_than_the_lines_is_not_used(
    price_list: PriceList, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price_list.products = [product("NAT1", "EUC1-NatGateway-Hours", ("0", "1", "GB"), operation="NatGateway")]
    cost("dev", plan)
    assert "AWS prices it by GB, not as this line counts it" in capsys.readouterr().out


@pytest.mark.usefixtures("without_credentials")
def test_without_credentials_every_line_is_listed_with_no_price(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cost("dev", plan)
    printed = capsys.readouterr().out
    assert printed.count("no credentials of AWS: sign in to ask for prices") == 5
    assert "No total, for want of prices" in printed


def test_resources_that_the_plan_leaves_out_are_counted(
    plan: Path, capsys: pytest.CaptureFixture[str], price_list: PriceList
) -> None:
    assert read_plan(plan).left_out == 0
    content = json.loads(plan.read_text())
    content["changeSummary"]["same"] = 162
    plan.write_text(json.dumps(content))
    cost("dev", plan)
    assert f"160 resources that stay as they are are not in {plan}" in capsys.readouterr().out
    assert price_list.requests


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"steps": [{"newState": {"id": 1}}]}', '{"steps": 1}'])
def test_what_is_no_plan_is_refused_by_its_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"plan\.json: is not what `pulumi preview --json` prints"):
        read_plan(file)


def test_a_plan_that_is_not_there_is_told_without_a_stack_trace() -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "cli", "cost", "dev", "--plan", "nowhere.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr.strip()) == (1, "nowhere.json: No such file or directory")
