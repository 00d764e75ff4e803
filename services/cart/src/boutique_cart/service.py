"""The contract's CartService."""

from typing import Any

import grpc

from boutique_cart.store import CartStore
from boutique_contract.limits import ADDED_QUANTITY, CART_QUANTITY, IDENTIFIER
from boutique_runtime.errors import check_field
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class CartServicer(shop_pb2_grpc.CartServiceServicer):
    """Checks requests and carries them out on the store."""

    def __init__(self, store: CartStore) -> None:
        self._store = store

    async def AddItem(self, request: shop_pb2.AddItemRequest, context: Context) -> shop_pb2.Empty:
        check_field("user_id", request.user_id, IDENTIFIER)
        check_field("item.product_id", request.item.product_id, IDENTIFIER)
        check_field("item.quantity", request.item.quantity, ADDED_QUANTITY)
        await self._store.add(request.user_id, request.item.product_id, request.item.quantity)
        return shop_pb2.Empty()

    async def SetItem(self, request: shop_pb2.AddItemRequest, context: Context) -> shop_pb2.Empty:
        check_field("user_id", request.user_id, IDENTIFIER)
        check_field("item.product_id", request.item.product_id, IDENTIFIER)
        check_field("item.quantity", request.item.quantity, CART_QUANTITY)
        await self._store.set(request.user_id, request.item.product_id, request.item.quantity)
        return shop_pb2.Empty()

    async def RemoveItem(self, request: shop_pb2.RemoveItemRequest, context: Context) -> shop_pb2.Empty:
        check_field("user_id", request.user_id, IDENTIFIER)
        check_field("product_id", request.product_id, IDENTIFIER)
        await self._store.set(request.user_id, request.product_id, 0)
        return shop_pb2.Empty()

    async def GetCart(self, request: shop_pb2.GetCartRequest, context: Context) -> shop_pb2.Cart:
        check_field("user_id", request.user_id, IDENTIFIER)
        quantities = await self._store.get(request.user_id)
        items = [shop_pb2.CartItem(product_id=id_, quantity=quantity) for id_, quantity in quantities.items()]
        return shop_pb2.Cart(user_id=request.user_id, items=items)

    async def EmptyCart(self, request: shop_pb2.EmptyCartRequest, context: Context) -> shop_pb2.Empty:
        check_field("user_id", request.user_id, IDENTIFIER)
        await self._store.empty(request.user_id)
        return shop_pb2.Empty()
