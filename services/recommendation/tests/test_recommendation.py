"""What a client of RecommendationService may rely on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from boutique_development_servers.processes import free_port
from boutique_recommendation.__main__ import open_service
from boutique_recommendation.catalog import FRESH_SECONDS, CatalogIds
from boutique_recommendation.service import RecommendationServicer
from boutique_recommendation.settings import RecommendationSettings
from boutique_runtime.serving import GrpcService, create_server
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    Recommendation = shop_pb2_grpc.RecommendationServiceAsyncStub

SERVICES = shop_pb2.DESCRIPTOR.services_by_name


class Catalog(shop_pb2_grpc.ProductCatalogServiceServicer):
    """Lists `ids`, or fails while it is `broken`; answers only while it is `open`; counts its calls."""

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
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def catalog() -> Catalog:
    return Catalog()  # type: ignore[abstract]  # its other methods answer UNIMPLEMENTED


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
    ids = CatalogIds(shop_pb2_grpc.ProductCatalogServiceStub(channel), clock)
    service = GrpcService(
        SERVICES["RecommendationService"],
        shop_pb2_grpc.add_RecommendationServiceServicer_to_server,
        RecommendationServicer(ids),
    )
    return shop_pb2_grpc.RecommendationServiceStub(await serve(service))


async def recommended(recommendation: Recommendation, *given: str) -> list[str]:
    request = shop_pb2.ListRecommendationsRequest(user_id="ada", product_ids=given)
    return list((await recommendation.ListRecommendations(request)).product_ids)


async def test_five_different_products_of_the_catalog_come_at_random(
    recommendation: Recommendation, catalog: Catalog
) -> None:
    answers = [await recommended(recommendation) for _ in range(20)]
    assert all(len(set(answer)) == 5 and set(answer) <= catalog.ids for answer in answers)
    assert set().union(*answers) == catalog.ids


async def test_a_given_product_is_never_recommended(recommendation: Recommendation, catalog: Catalog) -> None:
    given = sorted(catalog.ids)[:6]
    assert set(await recommended(recommendation, *given)) == catalog.ids - set(given)


async def test_one_who_has_everything_is_recommended_nothing(recommendation: Recommendation, catalog: Catalog) -> None:
    assert await recommended(recommendation, *catalog.ids) == []


async def test_a_given_product_that_the_catalog_does_not_have_changes_nothing(
    recommendation: Recommendation,
) -> None:
    assert len(await recommended(recommendation, "no-such-product")) == 5


async def test_the_catalog_is_asked_once_in_a_few_seconds(
    recommendation: Recommendation, catalog: Catalog, clock: Clock
) -> None:
    await asyncio.gather(*(recommended(recommendation) for _ in range(10)))
    assert catalog.calls == 1
    catalog.ids = {"new"}
    clock.seconds += FRESH_SECONDS
    assert await recommended(recommendation) == ["new"]
    assert catalog.calls == 2


async def test_while_the_catalog_is_away_its_last_products_are_recommended(
    recommendation: Recommendation, catalog: Catalog, clock: Clock
) -> None:
    await recommended(recommendation)
    catalog.broken = True
    clock.seconds += FRESH_SECONDS
    assert len(await recommended(recommendation)) == 5
    assert len(await recommended(recommendation)) == 5
    assert catalog.calls == 2


async def test_a_slow_catalog_delays_no_more_than_one_caller(
    recommendation: Recommendation, catalog: Catalog, clock: Clock
) -> None:
    await recommended(recommendation)
    catalog.open.clear()
    clock.seconds += FRESH_SECONDS
    callers = [asyncio.ensure_future(recommended(recommendation)) for _ in range(5)]
    answered, waiting = await asyncio.wait(callers, return_when=asyncio.FIRST_COMPLETED)
    while len(answered) < 4:
        more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        answered |= more
    assert len(waiting) == 1
    catalog.open.set()
    assert len(await waiting.pop()) == 5


async def test_a_catalog_that_never_answered_is_told_to_the_caller(
    recommendation: Recommendation, catalog: Catalog
) -> None:
    catalog.broken = True
    with pytest.raises(grpc.aio.AioRpcError, match="the catalog is broken"):
        await recommended(recommendation)
    catalog.broken = False
    assert len(await recommended(recommendation)) == 5


async def test_the_catalog_is_found_by_its_address(catalog: Catalog, serve: Serve) -> None:
    described = SERVICES["ProductCatalogService"]
    server, _ = await create_server(
        [GrpcService(described, shop_pb2_grpc.add_ProductCatalogServiceServicer_to_server, catalog)]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with open_service(RecommendationSettings(product_catalog_service_addr=f"127.0.0.1:{port}")) as service:
        assert len(await recommended(shop_pb2_grpc.RecommendationServiceStub(await serve(service)))) == 5
    await server.stop(None)


async def test_a_catalog_that_is_not_there_is_told_to_the_caller_before_its_deadline(serve: Serve) -> None:
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
async def test_a_field_out_of_range_is_refused_by_name_before_anyone_is_asked(
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
