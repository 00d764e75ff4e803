"""Fakes of the catalog and cart services, which both storefronts call."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from boutique_runtime.money import Money
from boutique_testing.fake_services import FakeServices
from hipstershop import shop_pb2

SHIPPING = Money("USD", 8_990_000_000)


def product(
    id_: str, name: str, cents: int, picture: str, *categories: str, rating: float = 0, reviews: int = 0
) -> shop_pb2.Product:
    """Returns a product whose price is given in US cents."""
    return shop_pb2.Product(
        id=id_,
        name=name,
        description=f"What is said of the {name.lower()}.",
        picture=f"/static/img/products/{picture}",
        price_usd=Money("USD", cents * 10_000_000).to_wire(),
        categories=categories,
        rating=rating,
        reviews=reviews,
    )


def placed_order(
    request: shop_pb2.PlaceOrderRequest,
    cart: Mapping[str, int],
    prices: Mapping[str, shop_pb2.Money],
    shipping_cost: shop_pb2.Money,
) -> shop_pb2.OrderResult:
    """Returns the order of a cart.

    Args:
        request: The request to place it.
        cart: Quantities by product id.
        prices: Prices of one piece, by product id.
        shipping_cost: The cost of shipping it.
    """
    return shop_pb2.OrderResult(
        order_id=str(uuid.uuid4()),
        shipping_tracking_id="AB-1234-5678",
        shipping_cost=shipping_cost,
        shipping_address=request.address,
        items=[
            shop_pb2.OrderItem(item=shop_pb2.CartItem(product_id=id_, quantity=quantity), cost=prices[id_])
            for id_, quantity in cart.items()
        ],
    )


@dataclass
class CatalogAndCart(FakeServices):
    """A catalog and carts in memory."""

    products: list[shop_pb2.Product] = field(default_factory=list)
    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Quantities by product id, by user id."""

    async def ListProducts(self, *_: Any) -> shop_pb2.ListProductsResponse:  # noqa: N802
        return shop_pb2.ListProductsResponse(products=self.products)

    async def GetProduct(self, request: shop_pb2.GetProductRequest, context: Any) -> shop_pb2.Product:  # noqa: N802
        for candidate in self.products:
            if candidate.id == request.id:
                return candidate
        await context.abort(grpc.StatusCode.NOT_FOUND, f'no product has the id "{request.id}"')
        raise AssertionError

    async def SearchProducts(self, request: shop_pb2.SearchProductsRequest, _: Any) -> shop_pb2.SearchProductsResponse:  # noqa: N802
        found = [
            candidate
            for candidate in self.products
            if request.query.lower() in f"{candidate.name} {candidate.description}".lower()
        ]
        return shop_pb2.SearchProductsResponse(results=found)

    async def GetCart(self, request: shop_pb2.GetCartRequest, _: Any) -> shop_pb2.Cart:  # noqa: N802
        items = [
            shop_pb2.CartItem(product_id=id_, quantity=quantity)
            for id_, quantity in self.carts.get(request.user_id, {}).items()
        ]
        return shop_pb2.Cart(user_id=request.user_id, items=items)

    async def SetItem(self, request: shop_pb2.AddItemRequest, _: Any) -> shop_pb2.Empty:  # noqa: N802
        cart = self.carts.setdefault(request.user_id, {})
        cart[request.item.product_id] = request.item.quantity
        if not request.item.quantity:
            del cart[request.item.product_id]
        return shop_pb2.Empty()

    async def EmptyCart(self, request: shop_pb2.EmptyCartRequest, _: Any) -> shop_pb2.Empty:  # noqa: N802
        self.carts.pop(request.user_id, None)
        return shop_pb2.Empty()
