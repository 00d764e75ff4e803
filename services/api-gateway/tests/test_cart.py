"""Reading and changing the cart."""

import grpc
import httpx
import pytest

from boutique_testing.fake_services import FakeServices, refusing

Carts = dict[str, dict[str, int]]


async def test_the_cart_has_quantities_by_product(client: httpx.AsyncClient, cart: dict[str, int]) -> None:
    response = await client.post("/api/v1/cart")
    assert (response.status_code, response.json()) == (200, {"message": "success", "data": {"6E92ZMYYFZ": "2"}})


async def test_an_unknown_session_has_an_empty_cart(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/cart", json={"session_id": "s-new"})
    assert response.json() == {"message": "success", "data": {}}


async def test_the_session_in_the_body_takes_precedence_over_the_cookie(
    client: httpx.AsyncClient, carts: Carts, cart: dict[str, int]
) -> None:
    carts["s-2"] = {"OLJCESPC7Z": 1}
    response = await client.post("/api/v1/cart", json={"session_id": "s-2"})
    assert response.json()["data"] == {"OLJCESPC7Z": "1"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/cart"),
        ("DELETE", "/api/v1/cart"),
        ("PUT", "/api/v1/cart/6E92ZMYYFZ/1"),
        ("DELETE", "/api/v1/cart/6E92ZMYYFZ"),
        ("POST", "/api/v1/checkout/quote"),
    ],
)
async def test_a_request_without_a_session_is_refused(
    client: httpx.AsyncClient, backends: FakeServices, method: str, path: str
) -> None:
    response = await client.request(method, path)
    assert response.status_code == 400
    assert response.json() == {"message": "failure", "reason": "session_id: is needed, in the body or as a cookie"}
    assert not backends.called()


@pytest.mark.parametrize("session_id", ["", "a b", "é", "x" * 129, "a/b", "<script>", 5, True, ["s"]])
async def test_an_invalid_session_is_refused(client: httpx.AsyncClient, session_id: object) -> None:
    response = await client.post("/api/v1/cart", json={"session_id": session_id})
    assert response.status_code == 400
    assert response.json()["reason"].startswith("session_id: ")


async def test_a_quantity_is_set_and_not_added(client: httpx.AsyncClient, cart: dict[str, int]) -> None:
    for _ in range(2):
        response = await client.put("/api/v1/cart/6E92ZMYYFZ/5")
        assert (response.status_code, response.json()) == (200, {"message": "success"})
    assert cart == {"6E92ZMYYFZ": 5}


async def test_a_quantity_of_0_removes_the_product(client: httpx.AsyncClient, cart: dict[str, int]) -> None:
    assert (await client.put("/api/v1/cart/6E92ZMYYFZ/0")).json() == {"message": "success"}
    assert cart == {}


async def test_a_discontinued_product_can_be_removed(client: httpx.AsyncClient, cart: dict[str, int]) -> None:
    cart["GONE"] = 1
    assert (await client.put("/api/v1/cart/GONE/0")).status_code == 200
    assert cart == {"6E92ZMYYFZ": 2}


async def test_an_unknown_product_cannot_be_added(client: httpx.AsyncClient, cart: dict[str, int]) -> None:
    response = await client.put("/api/v1/cart/NOPE/1")
    assert response.status_code == 404
    assert response.json() == {"message": "failure", "reason": 'no product has the id "NOPE"'}
    assert cart == {"6E92ZMYYFZ": 2}


@pytest.mark.parametrize("quantity", ["100", "-1", "1.5", "two", "+1", "1_0", "%D9%A1", "9" * 400, "1e1", "%20"])
async def test_an_invalid_quantity_is_refused(client: httpx.AsyncClient, cart: dict[str, int], quantity: str) -> None:
    response = await client.put(f"/api/v1/cart/6E92ZMYYFZ/{quantity}")
    assert response.status_code == 400
    assert response.json()["reason"] == "quantity: must be a whole number from 0 to 99"
    assert cart == {"6E92ZMYYFZ": 2}


async def test_adding_to_a_full_cart_is_refused_with_a_reason(
    client: httpx.AsyncClient, backends: FakeServices, cart: dict[str, int]
) -> None:
    full = "item.product_id: a cart holds at most 100 products"
    backends.answers["SetItem"] = refusing(grpc.StatusCode.FAILED_PRECONDITION, full)
    response = await client.put("/api/v1/cart/OLJCESPC7Z/1")
    assert response.status_code == 409
    assert response.json()["reason"] == full


async def test_one_product_is_removed(client: httpx.AsyncClient, cart: dict[str, int]) -> None:
    cart["OLJCESPC7Z"] = 1
    assert (await client.delete("/api/v1/cart/6E92ZMYYFZ")).json() == {"message": "success"}
    assert cart == {"OLJCESPC7Z": 1}


async def test_a_cart_is_emptied(client: httpx.AsyncClient, carts: Carts, cart: dict[str, int]) -> None:
    assert (await client.delete("/api/v1/cart")).json() == {"message": "success"}
    assert carts == {}
