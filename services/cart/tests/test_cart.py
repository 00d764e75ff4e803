"""CartService, on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from pydantic import SecretStr, ValidationError

from boutique_cart.__main__ import open_service
from boutique_cart.settings import CartSettings
from boutique_contract.limits import CART_QUANTITY, MAXIMUM_CART_PRODUCTS
from boutique_development_servers.processes import free_port
from boutique_development_servers.redis import RedisServer, start_redis
from boutique_runtime.redis import RedisSettings
from boutique_testing.plugin import Serve
from boutique_testing.secrets_manager import ARN, SecretsManager
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    Cart = shop_pb2_grpc.CartServiceAsyncStub


def item(product_id: str = "OLJCESPC7Z", quantity: int = 1, user_id: str = "ada") -> shop_pb2.AddItemRequest:
    return shop_pb2.AddItemRequest(user_id=user_id, item=shop_pb2.CartItem(product_id=product_id, quantity=quantity))


def changed(settings: CartSettings, **changes: object) -> CartSettings:
    return settings.model_copy(update={"redis": settings.redis.model_copy(update=changes)})


async def quantities(cart: Cart, user_id: str = "ada") -> dict[str, int]:
    answer = await cart.GetCart(shop_pb2.GetCartRequest(user_id=user_id))
    assert answer.user_id == user_id
    return {entry.product_id: entry.quantity for entry in answer.items}


async def test_an_unknown_shopper_has_an_empty_cart(cart: Cart) -> None:
    assert await quantities(cart) == {}


async def test_adding_a_product_again_adds_up_the_quantities(cart: Cart) -> None:
    await cart.AddItem(item(quantity=2))
    await cart.AddItem(item(quantity=3))
    await cart.AddItem(item("6E92ZMYYFZ"))
    assert await quantities(cart) == {"OLJCESPC7Z": 5, "6E92ZMYYFZ": 1}


async def test_adds_at_the_same_time_lose_nothing(cart: Cart) -> None:
    await asyncio.gather(*(cart.AddItem(item()) for _ in range(50)))
    assert await quantities(cart) == {"OLJCESPC7Z": 50}


async def test_two_shoppers_have_separate_carts(cart: Cart) -> None:
    await cart.AddItem(item(user_id="ada"))
    assert await quantities(cart, "grace") == {}


async def test_setting_a_quantity_replaces_it_and_zero_removes_the_product(cart: Cart) -> None:
    await cart.AddItem(item(quantity=2))
    await cart.SetItem(item(quantity=7))
    assert await quantities(cart) == {"OLJCESPC7Z": 7}
    await cart.SetItem(item(quantity=0))
    assert await quantities(cart) == {}


async def test_removing_a_product_leaves_the_others(cart: Cart) -> None:
    await cart.AddItem(item())
    await cart.AddItem(item("6E92ZMYYFZ"))
    await cart.RemoveItem(shop_pb2.RemoveItemRequest(user_id="ada", product_id="OLJCESPC7Z"))
    assert await quantities(cart) == {"6E92ZMYYFZ": 1}


async def test_emptying_removes_every_product(cart: Cart) -> None:
    await cart.AddItem(item())
    await cart.EmptyCart(shop_pb2.EmptyCartRequest(user_id="ada"))
    assert await quantities(cart) == {}


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (item(quantity=0), "item.quantity"),
        (item(quantity=-1), "item.quantity"),
        (item(quantity=11), "item.quantity"),
        (item(user_id=""), "user_id"),
        (item(user_id="a b"), "user_id"),
        (item(product_id=""), "item.product_id"),
        (item(product_id="x" * 129), "item.product_id"),
    ],
)
async def test_a_field_out_of_range_is_named_and_the_cart_stays_as_it_was(
    cart: Cart, request_: shop_pb2.AddItemRequest, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await cart.AddItem(request_)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(refusal.value.details()).startswith(f"{field}: ")
    assert await quantities(cart) == {}


async def test_a_cart_has_limits_for_quantities_and_products(cart: Cart) -> None:
    await cart.SetItem(item(quantity=CART_QUANTITY.maximum))
    with pytest.raises(grpc.aio.AioRpcError, match="at most 99"):
        await cart.AddItem(item())
    for number in range(MAXIMUM_CART_PRODUCTS - 1):
        await cart.AddItem(item(f"product-{number}"))
    with pytest.raises(grpc.aio.AioRpcError, match="at most 100 products"):
        await cart.AddItem(item("one-too-many"))
    assert len(await quantities(cart)) == MAXIMUM_CART_PRODUCTS


async def test_a_cart_expires_after_sixty_days(cart: Cart, redis_server: RedisServer) -> None:
    await cart.AddItem(item())
    days = redis_server.ask("TTL cart:{ada}").removeprefix(":")
    assert 60 * 86_400 - 60 <= int(days) <= 60 * 86_400


async def test_without_redis_calls_fail_as_unavailable_before_their_deadline(
    serve: Serve, settings: CartSettings
) -> None:
    async with open_service(changed(settings, addr=f"127.0.0.1:{free_port()}")) as service:
        cart = shop_pb2_grpc.CartServiceStub(await serve(service))
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await cart.GetCart(shop_pb2.GetCartRequest(user_id="ada"), timeout=20)
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_cart_is_read_from_the_replica_while_the_primary_is_down(
    serve: Serve, settings: CartSettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp
    with start_redis(directory("replica")) as replica, start_redis(directory("primary")) as primary:
        replica.follow(primary)
        both = changed(settings, addr=primary.address, replica_addr=replica.address)
        async with open_service(both) as service:
            cart = shop_pb2_grpc.CartServiceStub(await serve(service))
            await cart.AddItem(item())
            primary.wait_for_replica()
            primary.stop()
            assert await quantities(cart) == {"OLJCESPC7Z": 1}


# ---- Logging in ----


@pytest.fixture
def protected(redis_server: RedisServer, redis_address: str, secrets_manager: SecretsManager) -> Iterator[CartSettings]:
    """Returns settings for a Redis that only accepts the user in the secret."""
    redis_server.ask("ACL SETUSER ada on >old ~* +@all")
    redis_server.ask("ACL SETUSER default nopass -@all +acl +flushall")
    secrets_manager.store("ada", "old")
    yield CartSettings(redis=RedisSettings(addr=redis_address, secret=ARN))
    redis_server.ask("ACL SETUSER default +@all")
    redis_server.ask("ACL DELUSER ada")


async def test_the_service_logs_in_with_the_secret(protected: CartSettings, serve: Serve) -> None:
    async with open_service(protected) as service:
        cart = shop_pb2_grpc.CartServiceStub(await serve(service))
        await cart.AddItem(item())
        assert await quantities(cart) == {"OLJCESPC7Z": 1}


async def test_no_request_fails_when_the_password_changes(
    protected: CartSettings, serve: Serve, redis_server: RedisServer, secrets_manager: SecretsManager
) -> None:
    async with open_service(protected) as service:
        cart = shop_pb2_grpc.CartServiceStub(await serve(service))
        await cart.AddItem(item())
        redis_server.ask("ACL SETUSER ada resetpass >new")
        redis_server.ask("ACL SETUSER default +client")
        redis_server.ask("CLIENT KILL USER ada")
        secrets_manager.store("ada", "new")
        assert await quantities(cart) == {"OLJCESPC7Z": 1}


async def test_with_a_wrong_password_calls_fail_as_unavailable(protected: CartSettings, serve: Serve) -> None:
    wrong = changed(protected, username="ada", password=SecretStr("wrong"), secret=None)
    async with open_service(wrong) as service:
        cart = shop_pb2_grpc.CartServiceStub(await serve(service))
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await quantities(cart)
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "wrong" not in str(refusal.value)


@pytest.mark.parametrize("login", [{}, {"password": "hunter2", "secret": ARN}])
def test_settings_need_exactly_one_of_password_and_secret(login: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"set exactly one of \*_PASSWORD and \*_SECRET") as error:
        RedisSettings(addr="there:6379", **login)
    assert "hunter2" not in str(error.value)
