"""What a client of CheckoutService may rely on."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
import pytest

from boutique_checkout import checkout as checkout_module
from boutique_checkout.__main__ import open_service
from boutique_checkout.checkout import Checkout as CheckoutProcess
from boutique_checkout.dependencies import open_dependencies
from boutique_checkout.migration import prepare
from boutique_checkout.settings import CheckoutSettings
from boutique_checkout.store import open_store
from boutique_development_servers.processes import free_port
from boutique_runtime.migration import migrate
from boutique_runtime.money import Money
from boutique_runtime.postgres import create_pool
from boutique_testing.fake_services import refusing
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    from services.checkout.tests.conftest import Gate, Shop

    Checkout = shop_pb2_grpc.CheckoutServiceAsyncStub
    Replica = Callable[[CheckoutSettings], Awaitable[Checkout]]
    Ask = Callable[[str], str]

CARD_NUMBER = "4432801561520454"
DEADLINE_SECONDS = 30
TO_FORMER_SCHEMA = "ALTER TABLE orders.orders DROP COLUMN postal_code"
"""That of before there were postal codes."""


def order_of(**changed: Any) -> shop_pb2.PlaceOrderRequest:
    """A request that is in order, with some fields changed; None takes the field away."""
    fields: dict[str, Any] = {
        "user_id": "ada",
        "user_currency": "USD",
        "address": address(),
        "email": "ada@example.com",
        "credit_card": shop_pb2.CreditCardInfo(
            credit_card_number=CARD_NUMBER,
            credit_card_cvv=672,
            credit_card_expiration_year=2039,
            credit_card_expiration_month=1,
        ),
    }
    return shop_pb2.PlaceOrderRequest(
        **{name: value for name, value in (fields | changed).items() if value is not None}
    )


def address(**changed: Any) -> shop_pb2.Address:
    fields: dict[str, Any] = {
        "street_address": "1600 Amphitheatre Parkway",
        "city": "Mountain View",
        "state": "CA",
        "country": "United States",
        "zip_code": 94043,
    }
    return shop_pb2.Address(**(fields | changed))


def dollars(units: int, nanos: int = 0) -> shop_pb2.Money:
    return shop_pb2.Money(currency_code="USD", units=units, nanos=nanos)


def quote_of(**changed: Any) -> shop_pb2.QuoteOrderRequest:
    fields: dict[str, Any] = {"user_id": "ada", "user_currency": "USD", "address": address()}
    return shop_pb2.QuoteOrderRequest(**(fields | changed))


async def place(
    checkout: Checkout,
    request: shop_pb2.PlaceOrderRequest | None = None,
    key: str | None = None,
    timeout: float = DEADLINE_SECONDS,  # noqa: ASYNC109
) -> shop_pb2.OrderResult:
    metadata = () if key is None else (("idempotency-key", key),)
    answer = await checkout.PlaceOrder(request or order_of(), metadata=metadata, timeout=timeout)
    return answer.order


async def refused(
    checkout: Checkout,
    request: shop_pb2.PlaceOrderRequest | None = None,
    key: str | None = None,
    timeout: float = DEADLINE_SECONDS,  # noqa: ASYNC109
) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await place(checkout, request, key, timeout)
    return refusal.value.code(), str(refusal.value.details())


async def never(*_: Any) -> NoReturn:
    """A fake's answer that does not come."""
    await asyncio.Event().wait()
    raise AssertionError


async def refused_quote(checkout: Checkout, request: shop_pb2.QuoteOrderRequest) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await checkout.QuoteOrder(request, timeout=DEADLINE_SECONDS)
    return refusal.value.code(), str(refusal.value.details())


def losing_its_answer(answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A fake's answer that is given, and does not arrive."""

    async def lose(request: Any, context: Any) -> Any:
        await answer(request, context)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was reset")

    return lose


def shown_total(order: shop_pb2.OrderResult) -> Money:
    total = Money.from_wire(order.shipping_cost)
    for entry in order.items:
        total += Money.from_wire(entry.cost) * entry.item.quantity
    return total


# ---- An order ----


async def test_an_order_is_charged_shipped_recorded_confirmed_and_leaves_the_cart_empty(
    checkout: Checkout, neighbours: Shop, ask: Ask
) -> None:
    order = await place(checkout)
    assert [(entry.item.product_id, entry.item.quantity) for entry in order.items] == [
        ("OLJCESPC7Z", 2),
        ("6E92ZMYYFZ", 1),
    ]
    assert order.shipping_tracking_id == "AB-1234-5678"
    assert order.shipping_address == address()
    assert neighbours.cart == {}
    (transaction,) = neighbours.charged()
    assert (await neighbours.confirmations.get()).order == order
    row = ask("SELECT id, status, user_id, email, total, currency_code, transaction_id, tracking_id FROM orders.orders")
    assert row == (f"{order.order_id}|placed|ada|ada@example.com|57.960000000|USD|{transaction}|AB-1234-5678")
    assert ask("SELECT product_id, quantity, price FROM orders.items ORDER BY position") == (
        "OLJCESPC7Z|2|19.990000000\n6E92ZMYYFZ|1|8.990000000"
    )


@pytest.mark.parametrize(
    ("currency", "prices", "total"),
    [
        ("USD", ["19.99 USD", "8.99 USD"], "57.96 USD"),
        ("EUR", ["17.68 EUR", "7.95 EUR"], "51.26 EUR"),
        ("JPY", ["2235 JPY", "1005 JPY"], "6480 JPY"),
    ],
)
async def test_what_is_shown_adds_up_to_what_is_charged_in_whole_coins(
    checkout: Checkout, neighbours: Shop, currency: str, prices: list[str], total: str
) -> None:
    order = await place(checkout, order_of(user_currency=currency))
    costs = [Money.from_wire(entry.cost) for entry in order.items]
    assert [str(cost) for cost in costs] == prices
    assert costs == [cost.rounded() for cost in costs]
    (charge,) = neighbours.calls["Charge"]
    assert Money.from_wire(charge.request.amount) == shown_total(order)
    assert str(shown_total(order)) == total


async def test_an_order_takes_one_call_for_each_thing_that_it_needs(checkout: Checkout, neighbours: Shop) -> None:
    await place(checkout, order_of(user_currency="EUR"))
    await neighbours.confirmations.get()
    assert neighbours.called() == {
        "GetCart": 1,
        "GetProducts": 1,
        "GetQuote": 1,
        "ConvertMany": 1,
        "Charge": 1,
        "ShipOrder": 1,
        "EmptyCart": 1,
        "SendOrderConfirmation": 1,
    }


async def test_dollars_are_not_converted(checkout: Checkout, neighbours: Shop) -> None:
    await place(checkout)
    assert neighbours.called()["ConvertMany"] == 0


async def test_services_of_the_original_are_asked_one_by_one_and_not_asked_again_for_what_they_lack(
    checkout: Checkout, neighbours: Shop
) -> None:
    for added in ("GetProducts", "ConvertMany", "Refund"):
        del neighbours.answers[added]
    for _ in range(2):
        neighbours.cart = {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1}
        order = await place(checkout, order_of(user_currency="EUR"))
        assert str(shown_total(order)) == "51.26 EUR"
    called = neighbours.called()
    assert (called["GetProducts"], called["ConvertMany"]) == (1, 1)
    # The price of a mug and the shipping are the same amount.
    assert (called["GetProduct"], called["Convert"]) == (4, 4)


async def test_a_confirmation_that_fails_does_not_hurt_the_order(checkout: Checkout, neighbours: Shop) -> None:
    neighbours.answers["SendOrderConfirmation"] = refusing(grpc.StatusCode.INTERNAL, "no mail today")
    assert (await place(checkout)).order_id


async def test_a_confirmation_that_is_late_does_not_hold_up_the_order(checkout: Checkout, neighbours: Shop) -> None:
    sent = asyncio.Event()

    async def slow(*_: Any) -> shop_pb2.Empty:
        await sent.wait()
        return shop_pb2.Empty()

    neighbours.answers["SendOrderConfirmation"] = slow
    assert (await place(checkout)).order_id
    sent.set()


async def test_an_order_without_an_email_is_placed_and_no_confirmation_is_asked_for(
    settings: CheckoutSettings, neighbours: Shop, ask: Ask
) -> None:
    async with open_dependencies(settings) as dependencies, open_store(settings) as orders:
        process = CheckoutProcess(dependencies, orders)
        await process.place(order_of(email=None), "k")
        await process.close()
    assert neighbours.called()["SendOrderConfirmation"] == 0
    assert ask("SELECT status, email FROM orders.orders") == "placed|"


async def test_a_postal_code_is_kept_as_it_was_written_and_goes_wherever_the_address_goes(
    checkout: Checkout, neighbours: Shop, ask: Ask
) -> None:
    london = address(city="London", state="", country="United Kingdom", zip_code=0, postal_code="SW1A 1AA")
    order = await place(checkout, order_of(address=london), key="k")
    assert order.shipping_address == london
    assert await place(checkout, order_of(address=london), key="k") == order
    assert ask("SELECT zip_code, postal_code FROM orders.orders") == "0|SW1A 1AA"
    for method in ("GetQuote", "ShipOrder"):
        (call,) = neighbours.calls[method]
        assert call.request.address == london
    assert (await neighbours.confirmations.get()).order.shipping_address == london


async def test_a_cart_whose_replica_is_being_replaced_is_emptied_before_the_answer(
    checkout: Checkout, neighbours: Shop
) -> None:
    async def flaky(request: Any, context: Any) -> shop_pb2.Empty:
        if neighbours.called()["EmptyCart"] < 3:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the primary is away")
        return await neighbours.EmptyCart(request, context)

    neighbours.answers["EmptyCart"] = flaky
    assert (await place(checkout)).order_id
    assert neighbours.cart == {}


async def test_what_is_put_into_the_cart_after_the_order_stays_where_emptying_was_late(
    checkout: Checkout, neighbours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout_module, "_EMPTYING_SECONDS", 1)
    given_up = asyncio.Event()

    async def late(*_: Any) -> NoReturn:
        try:
            await never()
        finally:
            given_up.set()

    neighbours.answers["EmptyCart"] = late
    assert (await place(checkout)).order_id
    async with asyncio.timeout(DEADLINE_SECONDS):
        await given_up.wait()
    assert neighbours.called()["EmptyCart"] == 1


async def test_emptying_leaves_the_caller_time_for_the_answer(checkout: Checkout, neighbours: Shop) -> None:
    await place(checkout, timeout=4)
    (call,) = neighbours.calls["EmptyCart"]
    assert call.seconds_left is not None
    assert call.seconds_left <= 2


# ---- What an order would come to ----


@pytest.mark.parametrize(
    ("currency", "items_total", "shipping_cost"),
    [("USD", "48.97 USD", "8.99 USD"), ("EUR", "43.31 EUR", "7.95 EUR"), ("JPY", "5475 JPY", "1005 JPY")],
)
async def test_a_quote_is_what_the_order_then_charges(
    checkout: Checkout, neighbours: Shop, currency: str, items_total: str, shipping_cost: str
) -> None:
    quote = await checkout.QuoteOrder(quote_of(user_currency=currency))
    goods, shipping = Money.from_wire(quote.items_total), Money.from_wire(quote.shipping_cost)
    assert (str(goods), str(shipping)) == (items_total, shipping_cost)
    await place(checkout, order_of(user_currency=currency, agreed_items_total=quote.items_total))
    (charge,) = neighbours.calls["Charge"]
    assert Money.from_wire(charge.request.amount) == goods + shipping


async def test_a_quote_changes_nothing_and_asks_only_for_prices(checkout: Checkout, neighbours: Shop, ask: Ask) -> None:
    await checkout.QuoteOrder(quote_of(user_currency="EUR"))
    assert neighbours.called() == {"GetCart": 1, "GetProducts": 1, "GetQuote": 1, "ConvertMany": 1}
    assert neighbours.cart
    assert ask("SELECT count(*) FROM orders.orders") == "0"


@pytest.mark.parametrize("to", [shop_pb2.Address(), shop_pb2.Address(country="Panama")])
async def test_a_quote_needs_no_whole_address(checkout: Checkout, to: shop_pb2.Address) -> None:
    assert (await checkout.QuoteOrder(quote_of(address=to))).shipping_cost == dollars(8, 990_000_000)


async def test_a_cart_that_cannot_be_ordered_has_no_quote(checkout: Checkout, neighbours: Shop) -> None:
    neighbours.cart["GONE000000"] = 1
    unsold = "product GONE000000 in the cart is no longer sold"
    assert await refused_quote(checkout, quote_of()) == (grpc.StatusCode.FAILED_PRECONDITION, unsold)
    neighbours.cart.clear()
    assert await refused_quote(checkout, quote_of()) == (grpc.StatusCode.FAILED_PRECONDITION, "the cart is empty")


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (quote_of(user_id=""), "user_id"),
        (quote_of(user_currency="usd"), "user_currency"),
        (quote_of(user_currency="XXX"), "user_currency"),
        (quote_of(address=address(city="x" * 129)), "address.city"),
        (quote_of(address=address(country="\nBcc: everyone")), "address.country"),
        (quote_of(address=address(postal_code="x" * 33)), "address.postal_code"),
        (quote_of(address=address(zip_code=-1)), "address.zip_code"),
    ],
)
async def test_a_field_of_a_quote_out_of_range_is_refused_by_name(
    checkout: Checkout, request_: shop_pb2.QuoteOrderRequest, field: str
) -> None:
    code, details = await refused_quote(checkout, request_)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(f"{field}: ")


# ---- What was agreed ----


@pytest.mark.parametrize(
    ("agreed", "words"),
    [
        (dollars(1), "items_total: the cart comes to 48.97 USD, not 1.00 USD"),
        (dollars(48, 980_000_000), "items_total: the cart comes to 48.97 USD, not 48.98 USD"),
        (dollars(0), "items_total: the cart comes to 48.97 USD, not 0.00 USD"),
        (dollars(-48, -970_000_000), "items_total: the cart comes to 48.97 USD, not -48.97 USD"),
        (
            shop_pb2.Money(currency_code="EUR", units=48, nanos=970_000_000),
            "items_total: the cart comes to 48.97 USD, not 48.97 EUR",
        ),
    ],
)
async def test_an_order_whose_items_come_to_something_else_than_agreed_is_refused_and_changes_nothing(
    checkout: Checkout, neighbours: Shop, ask: Ask, agreed: shop_pb2.Money, words: str
) -> None:
    refusal = await refused(checkout, order_of(agreed_items_total=agreed), key="k")
    assert refusal == (grpc.StatusCode.ABORTED, words)
    assert neighbours.called()["Charge"] == 0
    assert neighbours.cart
    assert ask("SELECT count(*) FROM orders.orders") == "0"
    # The key stands for nothing yet.
    agreed_now = order_of(agreed_items_total=dollars(48, 970_000_000))
    assert (await place(checkout, agreed_now, key="k")).order_id


async def test_an_order_that_was_placed_as_agreed_is_answered_again_whatever_the_cart_comes_to_now(
    checkout: Checkout, neighbours: Shop
) -> None:
    request = order_of(agreed_items_total=dollars(48, 970_000_000))
    order = await place(checkout, request, key="k")
    neighbours.cart["6E92ZMYYFZ"] = 7
    assert await place(checkout, request, key="k") == order
    assert len(neighbours.transactions) == 1


async def test_an_order_that_may_have_been_charged_goes_on_at_what_was_agreed_then(
    checkout: Checkout, neighbours: Shop
) -> None:
    charge = neighbours.answers["Charge"]
    neighbours.answers["Charge"] = losing_its_answer(charge)
    request = order_of(agreed_items_total=dollars(48, 970_000_000))
    await refused(checkout, request, key="k")
    neighbours.answers["Charge"] = charge
    neighbours.cart["6E92ZMYYFZ"] = 7
    order = await place(checkout, request, key="k")
    assert str(shown_total(order)) == "57.96 USD"
    assert list(neighbours.transactions) == [order.order_id]


async def test_an_order_that_was_given_back_is_held_to_what_was_agreed_when_it_is_tried_again(
    checkout: Checkout, neighbours: Shop
) -> None:
    neighbours.answers["ShipOrder"] = refusing(grpc.StatusCode.UNAVAILABLE, "no van")
    request = order_of(agreed_items_total=dollars(48, 970_000_000))
    await refused(checkout, request, key="k")
    neighbours.cart["6E92ZMYYFZ"] = 7
    assert (await refused(checkout, request, key="k"))[0] is grpc.StatusCode.ABORTED
    assert neighbours.charged() == []


# ---- Refusals ----


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (order_of(user_id=""), "user_id"),
        (order_of(user_id="ada lovelace"), "user_id"),
        (order_of(user_currency=""), "user_currency"),
        (order_of(user_currency="usd"), "user_currency"),
        (order_of(user_currency="XXX"), "user_currency"),
        (order_of(address=None), "address.street_address"),
        (order_of(address=address(street_address="  ")), "address.street_address"),
        (order_of(address=address(street_address="x" * 513)), "address.street_address"),
        (order_of(address=address(city="")), "address.city"),
        (order_of(address=address(city="Mountain\0View")), "address.city"),
        (order_of(address=address(state="x" * 129)), "address.state"),
        (order_of(address=address(country="\nBcc: everyone")), "address.country"),
        (order_of(address=address(zip_code=-1)), "address.zip_code"),
        (order_of(address=address(postal_code="x" * 33)), "address.postal_code"),
        (order_of(address=address(postal_code="SW1A\n1AA")), "address.postal_code"),
        (order_of(email=" "), "email"),
        (order_of(email="ada"), "email"),
        (order_of(email="ada@example.com\nBcc: everyone@example.com"), "email"),
        (order_of(email=f"ada@{'x' * 260}.com"), "email"),
        (order_of(credit_card=None), "credit_card.credit_card_number"),
        (order_of(credit_card=shop_pb2.CreditCardInfo(credit_card_cvv=1)), "credit_card.credit_card_number"),
        (order_of(agreed_items_total=shop_pb2.Money(units=1)), "agreed_items_total.currency_code"),
        (order_of(agreed_items_total=shop_pb2.Money(currency_code="usd", units=1)), "agreed_items_total.currency_code"),
        (order_of(agreed_items_total=dollars(1, -1)), "agreed_items_total.nanos"),
        (order_of(agreed_items_total=dollars(48, 975_000_000)), "agreed_items_total.nanos"),
    ],
)
async def test_a_field_out_of_range_is_refused_by_name_and_changes_nothing(
    checkout: Checkout, neighbours: Shop, ask: Ask, request_: shop_pb2.PlaceOrderRequest, field: str
) -> None:
    code, details = await refused(checkout, request_)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(f"{field}: ")
    assert neighbours.transactions == {}
    assert neighbours.cart
    assert ask("SELECT count(*) FROM orders.orders") == "0"


async def test_a_currency_that_the_originals_service_turns_into_nothing_is_refused(
    checkout: Checkout, neighbours: Shop
) -> None:
    async def nothing(request: shop_pb2.CurrencyConversionRequest, _: Any) -> shop_pb2.Money:
        return shop_pb2.Money(currency_code=request.to_code)

    del neighbours.answers["ConvertMany"]
    neighbours.answers["Convert"] = nothing
    code, details = await refused(checkout, order_of(user_currency="XXX"))
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "user_currency: XXX is not a currency of the shop")
    assert neighbours.transactions == {}


@pytest.mark.parametrize("key", ["", "x" * 129])
async def test_an_idempotency_key_out_of_range_is_refused(checkout: Checkout, key: str) -> None:
    code, details = await refused(checkout, key=key)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("idempotency-key: ")


async def test_an_empty_cart_is_refused(checkout: Checkout, neighbours: Shop) -> None:
    neighbours.cart.clear()
    assert await refused(checkout) == (grpc.StatusCode.FAILED_PRECONDITION, "the cart is empty")


async def test_a_cart_with_less_than_one_of_a_product_is_refused(checkout: Checkout, neighbours: Shop) -> None:
    neighbours.cart["6E92ZMYYFZ"] = -5
    code, details = await refused(checkout)
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "6E92ZMYYFZ" in details


@pytest.mark.parametrize("original", [False, True])
async def test_a_product_that_is_no_longer_sold_is_named(checkout: Checkout, neighbours: Shop, original: bool) -> None:
    neighbours.cart["GONE000000"] = 1
    if original:
        del neighbours.answers["GetProducts"]
    code, details = await refused(checkout)
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details == "product GONE000000 in the cart is no longer sold"
    assert neighbours.transactions == {}


@pytest.mark.parametrize(
    "words",
    [
        "Credit card info is invalid",
        "Sorry, we cannot process american express credit cards. Only VISA or MasterCard is accepted.",
        "Your credit card (ending 0454) expired on 1/2020",
    ],
)
@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNKNOWN])
async def test_a_card_is_refused_in_payments_own_words_and_another_card_may_be_tried_with_the_same_key(
    checkout: Checkout, neighbours: Shop, ask: Ask, words: str, code: grpc.StatusCode
) -> None:
    charge = neighbours.answers["Charge"]
    neighbours.answers["Charge"] = refusing(code, words)
    assert await refused(checkout, key="k") == (grpc.StatusCode.INVALID_ARGUMENT, words)
    assert ask("SELECT count(*) FROM orders.orders") == "0"
    assert neighbours.cart
    assert neighbours.called()["ShipOrder"] == 0
    neighbours.answers["Charge"] = charge
    assert (await place(checkout, key="k")).order_id


# ---- The same order twice ----


async def test_the_same_key_gives_the_same_answer_and_one_charge(checkout: Checkout, neighbours: Shop) -> None:
    first = await place(checkout, key="k")
    neighbours.cart["6E92ZMYYFZ"] = 7
    assert await place(checkout, key="k") == first
    assert len(neighbours.transactions) == 1
    assert neighbours.cart == {"6E92ZMYYFZ": 7}


async def test_the_same_key_at_the_same_time_on_two_replicas_gives_one_order(
    replica: Replica, settings: CheckoutSettings, neighbours: Shop, ask: Ask
) -> None:
    replicas = [await replica(settings), await replica(settings)]
    orders = await asyncio.gather(*(place(replicas[number % 2], key="k") for number in range(8)))
    assert all(order == orders[0] for order in orders)
    assert len(neighbours.transactions) == 1
    assert ask("SELECT count(*) FROM orders.orders") == "1"


async def test_without_a_key_each_call_is_an_order_of_its_own(checkout: Checkout, neighbours: Shop) -> None:
    first = await place(checkout)
    neighbours.cart["6E92ZMYYFZ"] = 1
    second = await place(checkout)
    assert first.order_id != second.order_id
    assert len(neighbours.charged()) == 2


@pytest.mark.parametrize(
    "other",
    [
        order_of(user_id="grace"),
        order_of(email="grace@example.com"),
        order_of(email=None),
        order_of(user_currency="EUR"),
        order_of(address=address(postal_code="94043")),
        order_of(agreed_items_total=dollars(57, 960_000_000)),
    ],
)
async def test_the_same_key_for_another_order_is_refused(
    checkout: Checkout, neighbours: Shop, other: shop_pb2.PlaceOrderRequest
) -> None:
    await place(checkout, key="k")
    neighbours.cart["6E92ZMYYFZ"] = 1
    code, details = await refused(checkout, other, key="k")
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details.startswith("idempotency-key: ")
    assert len(neighbours.transactions) == 1


async def test_an_order_whose_replica_was_killed_after_the_charge_is_finished_by_another_with_one_charge(
    settings: CheckoutSettings, replica: Replica, neighbours: Shop
) -> None:
    charged = asyncio.Event()
    charge = neighbours.answers["Charge"]

    async def charge_and_hang(request: Any, context: Any) -> NoReturn:
        await charge(request, context)
        charged.set()
        await never()

    neighbours.answers["Charge"] = charge_and_hang
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "boutique_checkout", env=environment_of(settings) | {"PORT": str(port)}
    )
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            doomed = shop_pb2_grpc.CheckoutServiceStub(channel)
            call = doomed.PlaceOrder(order_of(), metadata=(("idempotency-key", "k"),), wait_for_ready=True)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await charged.wait()
            process.kill()
            with pytest.raises(grpc.aio.AioRpcError):
                await call
    finally:
        await process.wait()
    neighbours.answers["Charge"] = charge
    # Prices and cart are those of the order as it was charged, whatever they are now.
    neighbours.cart = {"6E92ZMYYFZ": 7}
    order = await place(await replica(settings), key="k")
    assert [entry.item.product_id for entry in order.items] == ["OLJCESPC7Z", "6E92ZMYYFZ"]
    assert len(neighbours.transactions) == 1
    first, second = neighbours.calls["Charge"]
    assert first.request.amount == second.request.amount


def environment_of(settings: CheckoutSettings) -> dict[str, str]:
    given = settings.model_dump(exclude_unset=True)
    variables = {name.upper(): str(value) for name, value in given.items()}
    return dict(os.environ) | variables | {"PRODUCT_DATA_PASSWORD": "unused"}


# ---- FakeServices that fail ----


@pytest.mark.parametrize("method", ["GetCart", "GetProducts", "GetQuote", "ConvertMany"])
async def test_a_dependency_that_fails_before_the_charge_passes_its_status_on_and_nothing_is_charged(
    checkout: Checkout, neighbours: Shop, ask: Ask, method: str
) -> None:
    neighbours.answers[method] = refusing(grpc.StatusCode.UNAVAILABLE, "away")
    code, details = await refused(checkout, order_of(user_currency="EUR"))
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "away")
    assert neighbours.transactions == {}
    assert ask("SELECT count(*) FROM orders.orders") == "0"


async def test_a_charge_is_given_back_where_shipping_fails_and_the_same_key_may_try_again(
    checkout: Checkout, neighbours: Shop, ask: Ask
) -> None:
    ship = neighbours.answers["ShipOrder"]
    neighbours.answers["ShipOrder"] = refusing(grpc.StatusCode.UNAVAILABLE, "no van")
    assert await refused(checkout, key="k") == (grpc.StatusCode.UNAVAILABLE, "no van")
    assert neighbours.charged() == []
    assert neighbours.cart
    assert ask("SELECT status FROM orders.orders") == "refunded"
    neighbours.answers["ShipOrder"] = ship
    order = await place(checkout, key="k")
    assert neighbours.transactions[order.order_id] in neighbours.charged()
    assert len(neighbours.charged()) == 1


async def test_a_charge_that_cannot_be_given_back_is_told_in_the_log_and_ships_the_next_try(
    checkout: Checkout, neighbours: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    del neighbours.answers["Refund"]
    ship = neighbours.answers["ShipOrder"]
    neighbours.answers["ShipOrder"] = refusing(grpc.StatusCode.UNAVAILABLE, "no van")
    assert await refused(checkout, key="k") == (grpc.StatusCode.UNAVAILABLE, "no van")
    assert any(
        record.levelno == logging.ERROR and "charged and not shipped" in record.message for record in caplog.records
    )
    neighbours.answers["ShipOrder"] = ship
    assert (await place(checkout, key="k")).order_id
    assert len(neighbours.transactions) == 1


async def test_a_refund_that_fails_is_made_later(
    checkout: Checkout, settings: CheckoutSettings, neighbours: Shop, ask: Ask
) -> None:
    refund = neighbours.answers["Refund"]
    neighbours.answers["ShipOrder"] = refusing(grpc.StatusCode.INTERNAL, "no van")
    neighbours.answers["Refund"] = refusing(grpc.StatusCode.INTERNAL, "not now")
    await refused(checkout, key="k")
    assert ask("SELECT status FROM orders.orders") == "refunding"
    assert (await refused(checkout, key="k"))[0] is grpc.StatusCode.UNAVAILABLE
    neighbours.answers["Refund"] = refund
    async with open_dependencies(settings) as dependencies, open_store(settings) as orders:
        await CheckoutProcess(dependencies, orders).settle()
    assert neighbours.charged() == []
    assert ask("SELECT status FROM orders.orders") == "refunded"


async def test_a_charge_whose_answer_was_lost_is_given_back(checkout: Checkout, neighbours: Shop, ask: Ask) -> None:
    charge = neighbours.answers["Charge"]

    async def lose_first_answer(request: Any, context: Any) -> Any:
        answer = await charge(request, context)
        if neighbours.called()["Charge"] == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was reset")
        return answer

    neighbours.answers["Charge"] = lose_first_answer
    assert (await refused(checkout))[0] is grpc.StatusCode.UNAVAILABLE
    assert len(neighbours.transactions) == 1
    assert neighbours.charged() == []
    assert ask("SELECT status FROM orders.orders") == "refunded"


async def test_a_charge_that_nothing_is_known_of_is_not_made_twice_with_the_same_key(
    checkout: Checkout, neighbours: Shop
) -> None:
    charge = neighbours.answers["Charge"]
    neighbours.answers["Charge"] = losing_its_answer(charge)
    await refused(checkout, key="k")
    neighbours.answers["Charge"] = refusing(grpc.StatusCode.INVALID_ARGUMENT, "Credit card info is invalid")
    await refused(checkout, key="k")
    neighbours.answers["Charge"] = charge
    order = await place(checkout, key="k")
    assert list(neighbours.transactions) == [order.order_id]
    assert len(neighbours.charged()) == 1


# ---- Deadlines ----


async def test_the_callers_deadline_is_passed_on(checkout: Checkout, neighbours: Shop) -> None:
    await place(checkout, order_of(user_currency="EUR"), timeout=4)
    for method in ("GetCart", "GetProducts", "GetQuote", "ConvertMany", "Charge", "ShipOrder"):
        (call,) = neighbours.calls[method]
        assert call.seconds_left is not None
        assert call.seconds_left <= 4


async def test_a_charge_is_given_back_where_shipping_is_later_than_the_callers_deadline(
    checkout: Checkout, neighbours: Shop
) -> None:
    refunded = asyncio.Event()

    async def refund(request: Any, context: Any) -> shop_pb2.Empty:
        refunded.set()
        return await neighbours.Refund(request, context)

    neighbours.answers["ShipOrder"] = never
    neighbours.answers["Refund"] = refund
    code, _ = await refused(checkout, timeout=1)
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    async with asyncio.timeout(DEADLINE_SECONDS):
        await refunded.wait()
    assert neighbours.charged() == []


async def test_an_order_whose_caller_goes_away_is_finished(checkout: Checkout, neighbours: Shop) -> None:
    charging, gone = asyncio.Event(), asyncio.Event()
    charge = neighbours.answers["Charge"]

    async def slow(request: Any, context: Any) -> Any:
        charging.set()
        await gone.wait()
        return await charge(request, context)

    neighbours.answers["Charge"] = slow
    call = checkout.PlaceOrder(order_of())
    async with asyncio.timeout(DEADLINE_SECONDS):
        await charging.wait()
        call.cancel()
        gone.set()
        assert (await neighbours.confirmations.get()).email == "ada@example.com"
    assert len(neighbours.charged()) == 1


# ---- Postgres ----


async def test_a_loss_of_postgres_between_charge_and_record_is_sat_out(
    replica: Replica, settings: CheckoutSettings, neighbours: Shop, gate: Gate, ask: Ask
) -> None:
    charge = neighbours.answers["Charge"]

    async def charge_as_postgres_dies(request: Any, context: Any) -> Any:
        gate.close()
        asyncio.get_running_loop().call_later(0.5, lambda: asyncio.ensure_future(gate.open()))
        return await charge(request, context)

    neighbours.answers["Charge"] = charge_as_postgres_dies
    through_gate = settings.model_copy(update={"product_data_addr": f"127.0.0.1:{gate.port}"})
    order = await place(await replica(through_gate), key="k")
    assert ask("SELECT id, status FROM orders.orders") == f"{order.order_id}|placed"
    assert len(neighbours.transactions) == 1


async def test_a_service_is_not_ready_while_postgres_is_away(settings: CheckoutSettings, gate: Gate, ask: Ask) -> None:
    gate.close()
    through_gate = settings.model_copy(update={"product_data_addr": f"127.0.0.1:{gate.port}"})
    async with open_service(through_gate) as service:
        assert service.ready is not None
        assert not service.ready.is_set()
        await gate.open()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await service.ready.wait()
    assert ask("SELECT count(*) FROM orders.orders") == "0"


@pytest.mark.parametrize("lacking", ["DROP SCHEMA orders CASCADE", TO_FORMER_SCHEMA])
async def test_a_service_is_not_ready_without_its_schema_says_what_makes_it_and_goes_on_when_it_is_there(
    settings: CheckoutSettings, ask: Ask, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    ask(lacking)
    said = asyncio.Event()

    def hear(message: str) -> None:
        assert message == "the order store has no schema: `python3 -m boutique_checkout.migration` makes it"
        said.set()

    monkeypatch.setattr(logging.getLogger("boutique_checkout.store"), "error", hear)
    async with open_service(settings) as service:
        assert service.ready is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            await said.wait()
            assert not service.ready.is_set()
            await migrate(settings, "checkout", prepare)
            await service.ready.wait()


async def test_a_migration_leaves_the_orders_that_are_there(
    checkout: Checkout, settings: CheckoutSettings, ask: Ask
) -> None:
    order = await place(checkout)
    await migrate(settings, "checkout", prepare)
    assert ask("SELECT id FROM orders.orders") == order.order_id


async def test_an_order_of_before_there_were_postal_codes_is_answered_again_after_the_upgrade(
    checkout: Checkout, settings: CheckoutSettings, ask: Ask
) -> None:
    order = await place(checkout, key="k")
    ask(TO_FORMER_SCHEMA)
    await migrate(settings, "checkout", prepare)
    await migrate(settings, "checkout", prepare)
    assert await place(checkout, key="k") == order
    assert order.shipping_address == address()


async def test_the_former_version_of_the_service_reads_and_writes_on_over_the_upgrade(
    settings: CheckoutSettings, ask: Ask
) -> None:
    ask(TO_FORMER_SCHEMA)
    find = "SELECT o.* FROM orders.orders AS o WHERE o.idempotency_key = $1"
    add = """
    INSERT INTO orders.orders (
        id, idempotency_key, fingerprint, status, user_id, email, street_address, city, state, country, zip_code,
        currency_code, shipping_cost, total
    )
    VALUES (gen_random_uuid(), $1, '', 'placed', 'ada', 'ada@example.com', '12 Row', 'London', '', 'UK', 1, 'USD', 1, 2)
    """
    address_, credentials = settings.product_data_addr, settings.credentials()
    async with create_pool(settings, address_, credentials, service="former", connections=1) as former:
        for key in ("before", "after"):
            await former.execute(add, key)
            (row,) = await former.fetch(find, key)
            assert row["zip_code"] == 1
            await migrate(settings, "checkout", prepare)
    kept = "SELECT idempotency_key, postal_code = '' FROM orders.orders ORDER BY created_at"
    assert ask(kept) == "before|t\nafter|t"


# ---- The card ----


async def test_no_card_reaches_the_log_or_the_database(
    checkout: Checkout, neighbours: Shop, caplog: pytest.LogCaptureFixture, ask: Ask
) -> None:
    caplog.set_level(logging.DEBUG)
    await place(checkout)
    neighbours.cart["6E92ZMYYFZ"] = 1
    neighbours.answers["Charge"] = refusing(grpc.StatusCode.INTERNAL, "broken")
    await refused(checkout)
    assert not any(CARD_NUMBER in f"{record.getMessage()}{record.__dict__}" for record in caplog.records)
    assert CARD_NUMBER not in ask("SELECT orders, items FROM orders.orders JOIN orders.items ON order_id = id")
