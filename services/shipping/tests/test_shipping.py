"""ShippingService."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc
import pytest

from boutique_contract.limits import ORDERED_QUANTITY
from hipstershop import shop_pb2

if TYPE_CHECKING:
    from hipstershop import shop_pb2_grpc

    Shipping = shop_pb2_grpc.ShippingServiceAsyncStub

ITEMS = [shop_pb2.CartItem(product_id="OLJCESPC7Z", quantity=2), shop_pb2.CartItem(product_id="6E92ZMYYFZ", quantity=1)]


def address(
    *,
    street_address: str = "1600 Amphitheatre Parkway",
    city: str = "Mountain View",
    state: str = "CA",
    country: str = "United States",
    zip_code: int = 94043,
    postal_code: str = "",
) -> shop_pb2.Address:
    return shop_pb2.Address(
        street_address=street_address,
        city=city,
        state=state,
        country=country,
        zip_code=zip_code,
        postal_code=postal_code,
    )


def refused_field(refusal: pytest.ExceptionInfo[grpc.aio.AioRpcError]) -> str:
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(refusal.value.details()).partition(": ")[0]


async def test_shipping_nothing_is_free(shipping: Shipping) -> None:
    response = await shipping.GetQuote(shop_pb2.GetQuoteRequest(address=address()))
    assert response.cost_usd == shop_pb2.Money(currency_code="USD")


@pytest.mark.parametrize("items", [ITEMS, ITEMS[:1]])
@pytest.mark.parametrize("to", [address(), shop_pb2.Address()])
async def test_anything_ships_anywhere_at_a_flat_rate(
    shipping: Shipping, items: list[shop_pb2.CartItem], to: shop_pb2.Address
) -> None:
    response = await shipping.GetQuote(shop_pb2.GetQuoteRequest(address=to, items=items))
    assert response.cost_usd == shop_pb2.Money(currency_code="USD", units=8, nanos=990_000_000)


async def test_each_parcel_has_its_own_tracking_id(shipping: Shipping) -> None:
    order = shop_pb2.ShipOrderRequest(address=address(), items=ITEMS)
    tracking_ids = {(await shipping.ShipOrder(order)).tracking_id for _ in range(100)}
    assert len(tracking_ids) == 100
    assert all(re.fullmatch(r"[A-Z]{2}-[0-9]{5}-[0-9]{9}", tracking_id) for tracking_id in tracking_ids)


async def test_the_same_idempotency_key_returns_the_same_tracking_id(shipping: Shipping) -> None:
    order = shop_pb2.ShipOrderRequest(address=address(), items=ITEMS)
    first, second, other = [
        (await shipping.ShipOrder(order, metadata=(("idempotency-key", key),))).tracking_id
        for key in ("order-1", "order-1", "order-2")
    ]
    assert first == second != other


async def test_an_idempotency_key_out_of_range_is_refused(shipping: Shipping) -> None:
    order = shop_pb2.ShipOrderRequest(address=address(), items=ITEMS)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shipping.ShipOrder(order, metadata=(("idempotency-key", "x" * 129),))
    assert refused_field(refusal) == "idempotency-key"


async def test_an_address_needs_no_state_and_no_postal_code(shipping: Shipping) -> None:
    to = address(city="Panama", state="", country="Panama", zip_code=0)
    assert (await shipping.ShipOrder(shop_pb2.ShipOrderRequest(address=to, items=ITEMS))).tracking_id


async def test_a_postal_code_may_have_letters(shipping: Shipping) -> None:
    to = address(city="London", state="", country="United Kingdom", zip_code=0, postal_code="SW1A 1AA")
    assert (await shipping.ShipOrder(shop_pb2.ShipOrderRequest(address=to, items=ITEMS))).tracking_id


@pytest.mark.parametrize(
    ("to", "field"),
    [
        (shop_pb2.Address(), "street_address"),
        (address(street_address=" \n"), "street_address"),
        (address(city=""), "city"),
        (address(country=""), "country"),
    ],
)
async def test_an_incomplete_address_is_refused(shipping: Shipping, to: shop_pb2.Address, field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shipping.ShipOrder(shop_pb2.ShipOrderRequest(address=to, items=ITEMS))
    assert refused_field(refusal) == f"address.{field}"


@pytest.mark.parametrize(
    ("to", "field"),
    [
        (address(street_address="x" * 513), "street_address"),
        (address(city="x" * 129), "city"),
        (address(state="x" * 129), "state"),
        (address(country="x" * 129), "country"),
        (address(zip_code=-1), "zip_code"),
        (address(postal_code="x" * 17), "postal_code"),
    ],
)
async def test_an_address_out_of_range_is_refused_with_the_name_of_the_field(
    shipping: Shipping, to: shop_pb2.Address, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shipping.GetQuote(shop_pb2.GetQuoteRequest(address=to, items=ITEMS))
    assert refused_field(refusal) == f"address.{field}"
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shipping.ShipOrder(shop_pb2.ShipOrderRequest(address=to, items=ITEMS))
    assert refused_field(refusal) == f"address.{field}"


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (shop_pb2.CartItem(product_id="6E92ZMYYFZ", quantity=0), "quantity"),
        (shop_pb2.CartItem(product_id="6E92ZMYYFZ", quantity=-1), "quantity"),
        (shop_pb2.CartItem(product_id="6E92ZMYYFZ", quantity=ORDERED_QUANTITY.maximum + 1), "quantity"),
        (shop_pb2.CartItem(product_id="", quantity=1), "product_id"),
        (shop_pb2.CartItem(product_id="x" * 129, quantity=1), "product_id"),
    ],
)
async def test_an_item_out_of_range_is_refused_with_the_name_of_the_field(
    shipping: Shipping, item: shop_pb2.CartItem, field: str
) -> None:
    items = [*ITEMS, item]
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shipping.GetQuote(shop_pb2.GetQuoteRequest(address=address(), items=items))
    assert refused_field(refusal) == f"items[2].{field}"
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await shipping.ShipOrder(shop_pb2.ShipOrderRequest(address=address(), items=items))
    assert refused_field(refusal) == f"items[2].{field}"
