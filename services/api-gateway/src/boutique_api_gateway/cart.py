"""Endpoints of the cart."""

from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from boutique_api_gateway.messages import Acknowledgement
from boutique_api_gateway.services import READ_TIMEOUT, InjectedServices
from boutique_api_gateway.session import Session, SessionCookie, session_of
from boutique_contract.limits import CART_QUANTITY
from boutique_contract.pydantic_types import Identifier
from boutique_runtime.clients import call
from hipstershop import shop_pb2


class Contents(Acknowledgement):
    """The content of a cart."""

    data: dict[str, str] = Field(description="Quantities by product id.", examples=[{"OLJCESPC7Z": "2"}])


def _quantity(value: str) -> int:
    if CART_QUANTITY.accepts_text(value):
        return int(value)
    raise PydanticCustomError("quantity", "{message}", {"message": CART_QUANTITY.message})


ProductId = Annotated[Identifier, Path()]
Quantity = Annotated[
    int,
    BeforeValidator(_quantity),
    WithJsonSchema({"type": "integer", "minimum": CART_QUANTITY.minimum, "maximum": CART_QUANTITY.maximum}),
    Path(),
]


async def read(services: InjectedServices, body: Session | None = None, cookie: SessionCookie = None) -> Contents:
    """Returns the quantity of each product in the session's cart."""
    request = shop_pb2.GetCartRequest(user_id=session_of(body, cookie))
    cart = await call(services.cart.GetCart, request, timeout_seconds=READ_TIMEOUT)
    return Contents(data={item.product_id: str(item.quantity) for item in cart.items})


async def empty(
    services: InjectedServices, body: Session | None = None, cookie: SessionCookie = None
) -> Acknowledgement:
    """Removes all products from the session's cart."""
    request = shop_pb2.EmptyCartRequest(user_id=session_of(body, cookie))
    await call(services.cart.EmptyCart, request, timeout_seconds=READ_TIMEOUT)
    return Acknowledgement()


async def set_quantity(
    services: InjectedServices,
    product_id: ProductId,
    quantity: Quantity,
    body: Session | None = None,
    cookie: SessionCookie = None,
) -> Acknowledgement:
    """Sets the quantity of a product in the session's cart. 0 removes it, even if it is no longer sold."""
    session_id = session_of(body, cookie)
    if quantity:
        # The cart service accepts any id, so check that the product is sold. Discontinued ones can still be removed.
        product = shop_pb2.GetProductRequest(id=product_id)
        await call(services.catalog.GetProduct, product, timeout_seconds=READ_TIMEOUT)
    item = shop_pb2.CartItem(product_id=product_id, quantity=quantity)
    request = shop_pb2.AddItemRequest(user_id=session_id, item=item)
    await call(services.cart.SetItem, request, timeout_seconds=READ_TIMEOUT)
    return Acknowledgement()


async def remove(
    services: InjectedServices, product_id: ProductId, body: Session | None = None, cookie: SessionCookie = None
) -> Acknowledgement:
    """Removes the product from the session's cart if it is there."""
    request = shop_pb2.RemoveItemRequest(user_id=session_of(body, cookie), product_id=product_id)
    await call(services.cart.RemoveItem, request, timeout_seconds=READ_TIMEOUT)
    return Acknowledgement()
