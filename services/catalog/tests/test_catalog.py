"""ProductCatalogService, on a real Postgres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from boutique_catalog.product import load_products
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Awaitable

    Catalog = shop_pb2_grpc.ProductCatalogServiceAsyncStub

PRODUCTS = load_products()
IDS = [product.id for product in PRODUCTS]
TEXTS = [text for product in PRODUCTS for text in (product.name, product.description)]


async def found(catalog: Catalog, query: str) -> list[str]:
    answer = await catalog.SearchProducts(shop_pb2.SearchProductsRequest(query=query))
    return [product.id for product in answer.results]


async def page(catalog: Catalog, size: int = 0, token: str = "") -> shop_pb2.ListProductsPageResponse:
    return await catalog.ListProductsPage(shop_pb2.ListProductsPageRequest(page_size=size, page_token=token))


async def refusal_of(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await call
    return refusal.value.code(), str(refusal.value.details())


async def test_every_product_is_listed_in_the_order_of_the_file(catalog: Catalog) -> None:
    answer = await catalog.ListProducts(shop_pb2.Empty())
    assert list(answer.products) == [product.wire for product in PRODUCTS]


async def test_a_product_has_its_exact_price(catalog: Catalog) -> None:
    sunglasses = await catalog.GetProduct(shop_pb2.GetProductRequest(id="OLJCESPC7Z"))
    assert sunglasses.name == "Sunglasses"
    assert sunglasses.picture == "/static/img/products/sunglasses.svg"
    assert sunglasses.price_usd == shop_pb2.Money(currency_code="USD", units=19, nanos=990_000_000)
    assert sunglasses.categories == ["accessories"]


async def test_a_product_has_its_rating_and_the_number_of_reviews(catalog: Catalog) -> None:
    mug = await catalog.GetProduct(shop_pb2.GetProductRequest(id="6E92ZMYYFZ"))
    assert (mug.rating, mug.reviews) == (4.7, 538)


@pytest.mark.parametrize("unknown", ["NOSUCHID00", "", "oljcespc7z", "' OR true --", "ö"])
async def test_an_unknown_id_is_not_found_and_is_named(catalog: Catalog, unknown: str) -> None:
    refusal = await refusal_of(catalog.GetProduct(shop_pb2.GetProductRequest(id=unknown)))
    assert refusal == (grpc.StatusCode.NOT_FOUND, f'no product has the id "{unknown}"')


async def test_an_id_that_is_too_long_is_refused(catalog: Catalog) -> None:
    refusal = await refusal_of(catalog.GetProduct(shop_pb2.GetProductRequest(id="x" * 129)))
    assert refusal == (grpc.StatusCode.INVALID_ARGUMENT, "id: must be 1 to 128 letters, digits, or any of . _ : -")


async def test_several_products_are_returned_in_the_requested_order_without_unknown_ones(catalog: Catalog) -> None:
    request = shop_pb2.GetProductsRequest(ids=["6E92ZMYYFZ", "NOSUCHID00", "OLJCESPC7Z"])
    answer = await catalog.GetProducts(request)
    assert [product.id for product in answer.products] == ["6E92ZMYYFZ", "OLJCESPC7Z"]


async def test_at_most_two_hundred_products_can_be_requested_at_once(catalog: Catalog) -> None:
    most = await catalog.GetProducts(shop_pb2.GetProductsRequest(ids=["6E92ZMYYFZ"] * 200))
    assert len(most.products) == 200
    refusal = await refusal_of(catalog.GetProducts(shop_pb2.GetProductsRequest(ids=["6E92ZMYYFZ"] * 201)))
    assert refusal == (grpc.StatusCode.INVALID_ARGUMENT, "ids: must be at most 200")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("teapot", ["D4NRX7TQ8G"]),
        ("TEApot", ["D4NRX7TQ8G"]),
        ("& pepper", ["LS4PSXUNUM"]),
        ("lambswool", ["C9HPJ2WZ6F"]),
        ("linen", ["7QXT4LNW2B"]),
        ("no such thing", []),
        ("M_g", []),
        ("%", []),
        ("\\", []),
        ("Mug%", []),
        ("'; DROP TABLE catalog.products; --", []),
    ],
)
async def test_a_search_finds_products_with_the_query_in_their_name_or_description(
    catalog: Catalog, query: str, ids: list[str]
) -> None:
    assert await found(catalog, query) == ids


async def test_an_empty_query_finds_everything(catalog: Catalog) -> None:
    assert await found(catalog, "") == IDS


# The fixture is created once for all examples, which only read.
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.text(alphabet="aAeEoOtT \\%_&'.", min_size=1, max_size=4)
    | st.sampled_from(TEXTS).flatmap(
        lambda text: st.integers(0, len(text) - 1).map(lambda start: text[start : start + 6].swapcase())
    )
)
@example(query="x" * 256)
async def test_a_search_is_a_plain_search_for_a_substring(catalog: Catalog, query: str) -> None:
    wanted = query.lower()
    assert await found(catalog, query) == [
        product.id for product in PRODUCTS if wanted in product.name.lower() or wanted in product.description.lower()
    ]


@pytest.mark.parametrize("query", ["x" * 257, "a\0b"])
async def test_an_invalid_query_is_refused(catalog: Catalog, query: str) -> None:
    code, reason = await refusal_of(catalog.SearchProducts(shop_pb2.SearchProductsRequest(query=query)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert reason.startswith("query: ")


@pytest.mark.parametrize("size", [1, 5, 9, 17, 18, 19, 100])
async def test_the_pages_have_every_product_once_and_in_order(catalog: Catalog, size: int) -> None:
    answer = await page(catalog, size)
    ids = [product.id for product in answer.products]
    while answer.next_page_token:
        assert len(answer.products) == size
        answer = await page(catalog, size, answer.next_page_token)
        assert answer.products
        ids += [product.id for product in answer.products]
    assert ids == IDS


async def test_a_page_has_twenty_products_by_default(catalog: Catalog) -> None:
    answer = await page(catalog)
    assert [product.id for product in answer.products] == IDS[:20]


@pytest.mark.parametrize("size", [-1, 101, 2**31 - 1])
async def test_a_page_size_out_of_range_is_refused(catalog: Catalog, size: int) -> None:
    code, reason = await refusal_of(page(catalog, size))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert reason.startswith("page_size: ")


@pytest.mark.parametrize("token", ["5", "!!!!", "OLJCESPC7Z", "Tk9TVUNISUQwMA==", "/////w==", "ö", "A" * 100_000])
async def test_an_invalid_page_token_is_refused(catalog: Catalog, token: str) -> None:
    code, reason = await refusal_of(page(catalog, 5, token))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert reason.startswith("page_token: ")
