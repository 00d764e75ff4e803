"""CartService of the contract, over the store."""

from typing import Any

import grpc

from boutique_cart.cart import check_added_quantity, check_product_id, check_set_quantity, check_user_id
from boutique_cart.store import CartStore
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class CartServicer(shop_pb2_grpc.CartServiceServicer):
    def __init__(self, store: CartStore) -> None:
        self._store = store

    async def AddItem(self, request: shop_pb2.AddItemRequest, context: Context) -> shop_pb2.Empty:
        check_user_id(request.user_id)
        check_product_id(request.item.product_id, "item.product_id")
        check_added_quantity(request.item.quantity)
        await self._store.add(request.user_id, request.item.product_id, request.item.quantity)
        return shop_pb2.Empty()

    async def SetItem(self, request: shop_pb2.AddItemRequest, context: Context) -> shop_pb2.Empty:
        check_user_id(request.user_id)
        check_product_id(request.item.product_id, "item.product_id")
        check_set_quantity(request.item.quantity)
        await self._store.set(request.user_id, request.item.product_id, request.item.quantity)
        return shop_pb2.Empty()

    async def RemoveItem(self, request: shop_pb2.RemoveItemRequest, context: Context) -> shop_pb2.Empty:
        check_user_id(request.user_id)
        check_product_id(request.product_id, "product_id")
        await self._store.set(request.user_id, request.product_id, 0)
        return shop_pb2.Empty()

    async def GetCart(self, request: shop_pb2.GetCartRequest, context: Context) -> shop_pb2.Cart:
        check_user_id(request.user_id)
        quantities = await self._store.get(request.user_id)
        items = [shop_pb2.CartItem(product_id=id_, quantity=quantity) for id_, quantity in quantities.items()]
        return shop_pb2.Cart(user_id=request.user_id, items=items)

    async def EmptyCart(self, request: shop_pb2.EmptyCartRequest, context: Context) -> shop_pb2.Empty:
        check_user_id(request.user_id)
        await self._store.empty(request.user_id)
        return shop_pb2.Empty()
