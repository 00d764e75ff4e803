"""Products by id, searches and suggestions."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import httpx
import pytest

from boutique_api_gateway.product import from_wire
from boutique_testing.fake_services import FakeServices, refusing
from hipstershop import shop_pb2

SUNGLASSES = {
    "id": "OLJCESPC7Z",
    "name": "Sunglasses",
    "description": "What is said of the sunglasses.",
    "price": 19.99,
    "rating": 4.6,
    "reviews": 128,
    "filename": "sunglasses.svg",
    "categories": ["accessories"],
}
BY_RATING_THEN_NAME = ["Sunglasses", "Loafers", "Mug"]

Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


def names(products: list[dict[str, Any]]) -> list[str]:
    return [product["name"] for product in products]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.post("/api/v1/product/documents", json=["OLJCESPC7Z", "NOPE"]),
        lambda client: client.request("GET", "/api/v1/product/documents", json=["OLJCESPC7Z"]),
        lambda client: client.get("/api/v1/product/documents?ids=NOPE,OLJCESPC7Z"),
    ],
)
async def test_products_are_found_by_ids_in_body_or_query(client: httpx.AsyncClient, ask: Ask) -> None:
    response = await ask(client)
    assert (response.status_code, response.json()) == (200, [SUNGLASSES])


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.post("/api/v1/product/documents"),
        lambda client: client.post("/api/v1/product/documents", json=[]),
        lambda client: client.get("/api/v1/product/documents"),
    ],
)
async def test_without_ids_all_products_are_returned_best_rated_first(client: httpx.AsyncClient, ask: Ask) -> None:
    response = await ask(client)
    assert names(response.json()) == BY_RATING_THEN_NAME


@pytest.mark.parametrize("ids", [["a b"], [""], [5], ["x" * 129], {"ids": ["x"]}, "x", ["x"] * 201])
async def test_invalid_ids_are_refused(client: httpx.AsyncClient, backends: FakeServices, ids: object) -> None:
    response = await client.post("/api/v1/product/documents", json=ids)
    assert response.status_code == 400
    assert not backends.called()


async def test_a_search_returns_the_total_and_one_page(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/product/search", json={"query": "said of", "page": {"size": 2}})
    assert response.status_code == 200
    assert response.json()["meta"] == {"page": {"total_results": 3}}
    assert names(response.json()["results"]) == BY_RATING_THEN_NAME[:2]


async def test_a_page_size_may_be_a_whole_number_with_decimals(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/product/search", json={"query": "said of", "page": {"size": 1.0}})
    assert names(response.json()["results"]) == ["Sunglasses"]


async def test_suggestions_have_the_text_in_their_names(client: httpx.AsyncClient) -> None:
    found = (await client.post("/api/v1/product/suggestions", json={"query": "GLASS"})).json()
    assert found["results"] == [SUNGLASSES]
    described = (await client.post("/api/v1/product/suggestions", json={"query": "said of"})).json()
    assert described == {"meta": {"page": {"total_results": 0}}, "results": []}


@pytest.mark.parametrize("service", ["search", "suggestions"])
@pytest.mark.parametrize(
    "given",
    [{"params": {"query": "loaf", "size": 1}}, {"json": {"query": "loaf", "page": {"size": 1}}}],
    ids=["address", "body"],
)
async def test_a_search_can_be_a_get(client: httpx.AsyncClient, service: str, given: dict[str, Any]) -> None:
    response = await client.request("GET", f"/api/v1/product/{service}", **given)
    assert names(response.json()["results"]) == ["Loafers"]


@pytest.mark.parametrize(
    "search",
    [
        {},
        {"page": {"size": 6}},
        {"query": None},
        {"query": 5},
        {"query": ["mug"]},
        {"query": "x" * 257},
        {"query": "a\0b"},
        {"query": "mug", "page": {"size": 0}},
        {"query": "mug", "page": {"size": 101}},
        {"query": "mug", "page": {"size": "6"}},
        {"query": "mug", "page": {"size": 6.5}},
        {"query": "mug", "page": {"size": True}},
        {"query": "mug", "page": 6},
        ["mug"],
        "mug",
    ],
)
async def test_an_invalid_search_is_refused(client: httpx.AsyncClient, backends: FakeServices, search: object) -> None:
    response = await client.post("/api/v1/product/search", json=search)
    assert (response.status_code, response.json()["message"]) == (400, "failure")
    assert not backends.called()


@pytest.mark.parametrize("address", ["size=0", "size=101", "size=six", "size=", "query=a%00b", "query=" + "x" * 257])
async def test_an_invalid_search_in_the_query_is_refused(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.get(f"/api/v1/product/search?{address}")).status_code == 400


@pytest.mark.parametrize("query", ["' OR 1=1 --", "{{7*7}}", "%'; DROP TABLE products; --", "${7*7}", "\\"])
async def test_a_search_text_is_passed_on_literally(
    client: httpx.AsyncClient, backends: FakeServices, query: str
) -> None:
    response = await client.post("/api/v1/product/search", json={"query": query})
    assert response.json() == {"meta": {"page": {"total_results": 0}}, "results": []}
    (call,) = backends.calls["SearchProducts"]
    assert call.request.query == query


@pytest.mark.parametrize(
    ("picture", "filename"),
    [("/static/img/products/mug.jpg", "mug.svg"), ("mug.svg", "mug.svg"), ("/static/mug", "mug.svg")],
)
def test_the_file_name_is_the_last_part_of_a_pictures_path(picture: str, filename: str) -> None:
    price = shop_pb2.Money(currency_code="USD", units=8, nanos=990_000_000)
    assert from_wire(shop_pb2.Product(picture=picture, price_usd=price)).filename == filename


@pytest.mark.parametrize(
    ("units", "nanos", "number"),
    [(19, 990_000_000, "19.99"), (0, 70_000_000, "0.07"), (4_503_599_627_370, 10_000_000, "4503599627370.01")],
)
def test_a_price_is_written_in_exact_cents(units: int, nanos: int, number: str) -> None:
    price = shop_pb2.Money(currency_code="USD", units=units, nanos=nanos)
    assert f'"price":{number},' in from_wire(shop_pb2.Product(picture="x", price_usd=price)).model_dump_json()


async def test_a_price_without_a_currency_is_an_internal_error(
    client: httpx.AsyncClient, backends: FakeServices
) -> None:
    async def unpriced(*_: Any) -> shop_pb2.ListProductsResponse:
        return shop_pb2.ListProductsResponse(products=[shop_pb2.Product(id="1")])

    backends.answers["ListProducts"] = unpriced
    response = await client.get("/api/v1/product/documents", headers={"x-request-id": "find-me"})
    assert (response.status_code, response.json()["request_id"]) == (500, "find-me")
    assert "currency" not in response.text


async def test_a_refusal_of_the_catalog_keeps_its_message(client: httpx.AsyncClient, backends: FakeServices) -> None:
    backends.answers["SearchProducts"] = refusing(grpc.StatusCode.INVALID_ARGUMENT, "query: must be shorter")
    response = await client.post("/api/v1/product/search", json={"query": "mug"})
    assert (response.status_code, response.json()["reason"]) == (400, "query: must be shorter")
