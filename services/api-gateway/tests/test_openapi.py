"""The OpenAPI document, and whether the gateway is as it says."""

from typing import Any

import httpx
import pytest

from boutique_api_gateway.routes import ROUTES


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


async def test_the_document_has_the_routes_of_the_table_and_no_others(
    document: dict[str, Any],
) -> None:
    described = [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]
    assert sorted(described) == sorted((route.method, route.path) for route in ROUTES)


async def test_each_route_says_how_it_succeeds_and_how_it_fails(
    document: dict[str, Any],
) -> None:
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert set(operation["responses"]) == {"200", *map(str, route.refuses)}
