"""RecommendationService."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from boutique_development_servers.processes import free_port
from boutique_recommendation.__main__ import open_service
from boutique_recommendation.catalog import FRESH_SECONDS, product_ids
from boutique_recommendation.service import RecommendationServicer
from boutique_recommendation.settings import RecommendationSettings
from boutique_runtime.serving import GrpcService, create_server
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    Recommendation = shop_pb2_grpc.RecommendationServiceAsyncStub

STALE_SECONDS = 60.0
"""From this age on, callers wait for new products."""

SERVICES = shop_pb2.DESCRIPTOR.services_by_name


class Catalog(shop_pb2_grpc.ProductCatalogServiceServicer):
    """Lists `ids`, fails while `broken`, waits while `open` is not set, and counts its calls."""

    def __init__(self) -> None:
        self.ids = {f"product-{number}" for number in range(10)}
        self.broken = False
        self.calls = 0
        self.open = asyncio.Event()
        self.open.set()

    async def ListProducts(self, request: shop_pb2.Empty, context: Any) -> shop_pb2.ListProductsResponse:  # noqa: N802
        self.calls += 1
        await self.open.wait()
        if self.broken:
            await context.abort(grpc.StatusCode.INTERNAL, "the catalog is broken")
        return shop_pb2.ListProductsResponse(products=[shop_pb2.Product(id=id_) for id_ in self.ids])


class Clock:
    """Changes only when a test changes it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def catalog() -> Catalog:
    return Catalog()  # type: ignore[abstract]  # its other methods return UNIMPLEMENTED


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def recommendation(catalog: Catalog, clock: Clock, serve: Serve) -> Recommendation:
    channel = await serve(
        GrpcService(
            SERVICES["ProductCatalogService"], shop_pb2_grpc.add_ProductCatalogServiceServicer_to_server, catalog
        )
    )
    ids = product_ids(shop_pb2_grpc.ProductCatalogServiceStub(channel), clock)
    service = GrpcService(
        SERVICES["RecommendationService"],
        shop_pb2_grpc.add_RecommendationServiceServicer_to_server,
        RecommendationServicer(ids),
    )
    return shop_pb2_grpc.RecommendationServiceStub(await serve(service))


async def recommended(recommendation: Recommendation, *given: str) -> list[str]:
    request = shop_pb2.ListRecommendationsRequest(user_id="ada", product_ids=given)
    return list((await recommendation.ListRecommendations(request)).product_ids)


async def test_five_different_products_are_chosen_at_random(recommendation: Recommendation, catalog: Catalog) -> None:
    responses = [await recommended(recommendation) for _ in range(20)]
    assert all(len(set(response)) == 5 and set(response) <= catalog.ids for response in responses)
    assert set().union(*responses) == catalog.ids


async def test_an_excluded_product_is_never_recommended(recommendation: Recommendation, catalog: Catalog) -> None:
    given = sorted(catalog.ids)[:6]
    assert set(await recommended(recommendation, *given)) == catalog.ids - set(given)


async def test_nothing_is_recommended_if_every_product_is_excluded(
    recommendation: Recommendation, catalog: Catalog
) -> None:
    assert await recommended(recommendation, *catalog.ids) == []


async def test_an_excluded_product_that_the_catalog_does_not_have_changes_nothing(
    recommendation: Recommendation,
) -> None:
    assert len(await recommended(recommendation, "no-such-product")) == 5


async def test_the_catalog_is_called_once_every_few_seconds(
    recommendation: Recommendation, catalog: Catalog, clock: Clock
) -> None:
    await asyncio.gather(*(recommended(recommendation) for _ in range(10)))
    assert catalog.calls == 1
    catalog.ids = {"new"}
    clock.seconds += STALE_SECONDS
    assert await recommended(recommendation) == ["new"]
    assert catalog.calls == 2


async def test_the_last_known_products_are_recommended_while_the_catalog_fails(
    recommendation: Recommendation, catalog: Catalog, clock: Clock
) -> None:
    await recommended(recommendation)
    catalog.broken = True
    clock.seconds += STALE_SECONDS
    assert len(await recommended(recommendation)) == 5
    assert len(await recommended(recommendation)) == 5
    assert catalog.calls == 2


async def test_a_slow_catalog_delays_no_caller(recommendation: Recommendation, catalog: Catalog, clock: Clock) -> None:
    await recommended(recommendation)
    catalog.open.clear()
    clock.seconds += FRESH_SECONDS
    for _ in range(5):
        assert len(await recommended(recommendation)) == 5
    catalog.open.set()


async def test_the_caller_sees_the_error_of_a_catalog_that_never_answered(
    recommendation: Recommendation, catalog: Catalog
) -> None:
    catalog.broken = True
    with pytest.raises(grpc.aio.AioRpcError, match="the catalog is broken"):
        await recommended(recommendation)
    catalog.broken = False
    assert len(await recommended(recommendation)) == 5


async def test_the_catalog_is_called_at_its_address(catalog: Catalog, serve: Serve) -> None:
    described = SERVICES["ProductCatalogService"]
    server, _ = await create_server(
        [GrpcService(described, shop_pb2_grpc.add_ProductCatalogServiceServicer_to_server, catalog)]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with open_service(RecommendationSettings(product_catalog_service_addr=f"127.0.0.1:{port}")) as service:
        assert len(await recommended(shop_pb2_grpc.RecommendationServiceStub(await serve(service)))) == 5
    await server.stop(None)


async def test_without_a_catalog_calls_fail_before_their_deadline(serve: Serve) -> None:
    settings = RecommendationSettings(product_catalog_service_addr=f"127.0.0.1:{free_port()}")
    async with open_service(settings) as service:
        stub = shop_pb2_grpc.RecommendationServiceStub(await serve(service))
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stub.ListRecommendations(shop_pb2.ListRecommendationsRequest(), timeout=20)
    assert refusal.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (shop_pb2.ListRecommendationsRequest(user_id="u" * 129), "user_id"),
        (shop_pb2.ListRecommendationsRequest(product_ids=["p"] * 201), "product_ids"),
        (shop_pb2.ListRecommendationsRequest(product_ids=["p" * 129]), "product_ids"),
    ],
)
async def test_a_field_out_of_range_is_refused_before_the_catalog_is_called(
    recommendation: Recommendation,
    catalog: Catalog,
    request_: shop_pb2.ListRecommendationsRequest,
    field: str,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await recommendation.ListRecommendations(request_)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(refusal.value.details()).startswith(f"{field}: ")
    assert catalog.calls == 0
