"""Tests that the emulated Cloudflare has the format, checks and error codes of the real one."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from boutique_offline.rehearsal.cloudflare.serving import BASE, create_application
from boutique_offline.rehearsal.cloudflare.zones import Zone

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
RECORDS = f"/zones/{ZONE}/dns_records"
SHOP = {"name": "shop.example.com", "type": "CNAME", "content": "lb.example.net", "ttl": 1, "proxied": True}


@pytest.fixture
def cloudflare() -> Iterator[TestClient]:
    application = create_application([Zone(ZONE, "example.com", "account")], "token")
    headers = {"Authorization": "Bearer token"}
    with TestClient(application, base_url=f"http://cloudflare{BASE}", headers=headers) as client:
        yield client


def created(cloudflare: TestClient, **record: Any) -> Any:
    response = cloudflare.post(RECORDS, json=SHOP | record)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def refusal(answer: Any) -> tuple[int, int]:
    """Returns the status and the error code."""
    content = answer.json()
    assert (content["success"], content["result"]) == (False, None)
    return answer.status_code, content["errors"][0]["code"]


def test_a_record_can_be_read_until_it_is_deleted(cloudflare: TestClient) -> None:
    record = created(cloudflare)
    path = f"{RECORDS}/{record['id']}"
    assert cloudflare.get(path).json()["result"] == record
    assert cloudflare.delete(path).json()["result"] == {"id": record["id"]}
    assert refusal(cloudflare.get(path)) == (404, 81044)


def test_a_record_can_be_changed_in_part_or_replaced(cloudflare: TestClient) -> None:
    path = f"{RECORDS}/{created(cloudflare, comment='The shop')['id']}"
    changed = cloudflare.patch(path, json={"content": "other.example.net"}).json()["result"]
    assert (changed["content"], changed["comment"]) == ("other.example.net", "The shop")
    replaced = cloudflare.put(path, json=SHOP).json()["result"]
    assert (replaced["content"], replaced["comment"]) == ("lb.example.net", None)


def test_a_name_is_completed_with_the_zone(cloudflare: TestClient) -> None:
    assert created(cloudflare, name="shop")["name"] == "shop.example.com"
    assert created(cloudflare, name="@", type="A", content="192.0.2.1")["name"] == "example.com"


def test_records_are_listed_with_filters_and_in_pages(cloudflare: TestClient) -> None:
    for number in range(3):
        created(cloudflare, name=f"shop{number}")
    found = cloudflare.get(RECORDS, params={"name": "shop1.example.com"}).json()
    assert [record["name"] for record in found["result"]] == ["shop1.example.com"]
    second = cloudflare.get(RECORDS, params={"page": "2", "per_page": "2"}).json()
    assert [record["name"] for record in second["result"]] == ["shop2.example.com"]
    assert second["result_info"] == {"page": 2, "per_page": 2, "count": 1, "total_count": 3, "total_pages": 2}


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"type": "NONE"}, 9000),
        ({"content": ""}, 9007),
        ({"type": "A", "content": "lb.example.net"}, 9005),
        ({"type": "AAAA", "content": "192.0.2.1"}, 9006),
        ({"proxied": False, "ttl": 30}, 9021),
        ({"proxied": False, "ttl": 100_000}, 9021),
        ({"ttl": "1"}, 9021),
        ({"proxied": "true"}, 9003),
        ({"type": "TXT", "content": "text"}, 9004),
        ({"comment": "x" * 101}, 9207),
    ],
)
def test_an_invalid_record_is_refused(cloudflare: TestClient, record: dict[str, Any], code: int) -> None:
    assert refusal(cloudflare.post(RECORDS, json=SHOP | record)) == (400, code)


def test_a_record_that_conflicts_with_another_is_refused(cloudflare: TestClient) -> None:
    created(cloudflare)
    assert refusal(cloudflare.post(RECORDS, json=SHOP)) == (400, 81058)
    address = SHOP | {"type": "A", "content": "192.0.2.1"}
    assert refusal(cloudflare.post(RECORDS, json=address)) == (400, 81054)
    other = SHOP | {"content": "other.example.net"}
    assert refusal(cloudflare.post(RECORDS, json=other)) == (400, 81053)
    created(cloudflare, name="other", type="A", content="192.0.2.1")
    assert refusal(cloudflare.post(RECORDS, json=SHOP | {"name": "other"})) == (400, 81053)


def test_a_text_record_can_have_the_name_of_a_host(cloudflare: TestClient) -> None:
    created(cloudflare)
    assert created(cloudflare, type="TXT", content="owned by us", proxied=False)["name"] == "shop.example.com"


def test_a_setting_can_be_changed_to_allowed_values_only(cloudflare: TestClient) -> None:
    path = f"/zones/{ZONE}/settings/ssl"
    assert cloudflare.get(path).json()["result"]["value"] == "full"
    assert cloudflare.patch(path, json={"value": "strict"}).json()["result"]["value"] == "strict"
    assert refusal(cloudflare.patch(path, json={"value": "stricter"})) == (400, 1007)
    assert refusal(cloudflare.get(f"/zones/{ZONE}/settings/colour")) == (404, 1003)


def test_zones_can_be_found_by_name_and_by_id(cloudflare: TestClient) -> None:
    (zone,) = cloudflare.get("/zones", params={"name": "example.com"}).json()["result"]
    assert zone == cloudflare.get(f"/zones/{ZONE}").json()["result"]
    assert cloudflare.get("/zones", params={"name": "example.org"}).json()["result"] == []


def test_a_foreign_zone_and_an_invalid_id_are_different_errors(cloudflare: TestClient) -> None:
    assert refusal(cloudflare.get(f"/zones/{'0' * 32}")) == (403, 9109)
    assert refusal(cloudflare.post(f"/zones/{'0' * 32}/dns_records", json=SHOP)) == (403, 9109)
    assert refusal(cloudflare.get("/zones/example.com")) == (404, 7003)


def test_requests_without_the_token_can_read_only_the_address_ranges(cloudflare: TestClient) -> None:
    wrong_token = {"Authorization": "Bearer guessed"}
    assert refusal(cloudflare.get("/zones", headers=wrong_token)) == (403, 9109)
    assert refusal(cloudflare.get("/zones", headers={"Authorization": "token"})) == (400, 6003)
    assert cloudflare.get("/ips", headers=wrong_token).json()["result"]["ipv4_cidrs"]


def test_an_unsupported_path_is_not_routed(cloudflare: TestClient) -> None:
    assert refusal(cloudflare.get("/accounts")) == (404, 7000)
    assert refusal(cloudflare.delete(f"/zones/{ZONE}")) == (404, 7000)


def test_a_body_that_is_not_json_is_refused(cloudflare: TestClient) -> None:
    assert refusal(cloudflare.post(RECORDS, content=b"{")) == (400, 9207)
