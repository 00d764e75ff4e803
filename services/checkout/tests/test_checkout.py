"""CheckoutService, on a real Postgres."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
import pytest

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
    Replica = Callable[..., Awaitable[Checkout]]
    Ask = Callable[[str], str]

CARD_NUMBER = "4432801561520454"
DEADLINE_SECONDS = 30
TO_OLD_SCHEMA = "ALTER TABLE orders.orders DROP COLUMN postal_code"
"""Restores the schema without postal codes."""


def order_of(**changed: Any) -> shop_pb2.PlaceOrderRequest:
    """Returns a valid request with some fields changed; None removes a field."""
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
    """Never responds."""
    await asyncio.Event().wait()
    raise AssertionError


async def refused_quote(checkout: Checkout, request: shop_pb2.QuoteOrderRequest) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await checkout.QuoteOrder(request, timeout=DEADLINE_SECONDS)
    return refusal.value.code(), str(refusal.value.details())


def losing_its_answer(answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Returns an answer that is carried out, but whose response is lost."""

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


async def test_an_order_is_charged_shipped_stored_and_confirmed_and_the_cart_is_emptied(
    checkout: Checkout, services: Shop, ask: Ask
) -> None:
    order = await place(checkout)
    assert [(entry.item.product_id, entry.item.quantity) for entry in order.items] == [
        ("OLJCESPC7Z", 2),
        ("6E92ZMYYFZ", 1),
    ]
    assert order.shipping_tracking_id == "AB-1234-5678"
    assert order.shipping_address == address()
    assert services.cart == {}
    (transaction,) = services.charged()
    assert (await services.confirmations.get()).order == order
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
async def test_the_amounts_shown_add_up_to_the_charge_in_whole_coins(
    checkout: Checkout, services: Shop, currency: str, prices: list[str], total: str
) -> None:
    order = await place(checkout, order_of(user_currency=currency))
    costs = [Money.from_wire(entry.cost) for entry in order.items]
    assert [str(cost) for cost in costs] == prices
    assert costs == [cost.rounded() for cost in costs]
    (charge,) = services.calls["Charge"]
    assert Money.from_wire(charge.request.amount) == shown_total(order)
    assert str(shown_total(order)) == total


async def test_an_order_needs_one_call_for_each_step(checkout: Checkout, services: Shop) -> None:
    await place(checkout, order_of(user_currency="EUR"))
    await services.confirmations.get()
    assert services.called() == {
        "GetCart": 1,
        "GetProducts": 1,
        "GetQuote": 1,
        "ConvertMany": 1,
        "Charge": 1,
        "ShipOrder": 1,
        "EmptyCart": 1,
        "SendOrderConfirmation": 1,
    }


async def test_dollars_are_not_converted(checkout: Checkout, services: Shop) -> None:
    await place(checkout)
    assert services.called()["ConvertMany"] == 0


async def test_services_without_our_additions_are_called_one_by_one_and_only_tried_once(
    checkout: Checkout, services: Shop
) -> None:
    for added in ("GetProducts", "ConvertMany", "Refund"):
        del services.answers[added]
    for _ in range(2):
        services.cart = {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1}
        order = await place(checkout, order_of(user_currency="EUR"))
        assert str(shown_total(order)) == "51.26 EUR"
    called = services.called()
    assert (called["GetProducts"], called["ConvertMany"]) == (1, 1)
    # The price of a mug and the shipping are the same amount.
    assert (called["GetProduct"], called["Convert"]) == (4, 4)


async def test_an_order_succeeds_even_if_its_confirmation_fails(checkout: Checkout, services: Shop) -> None:
    services.answers["SendOrderConfirmation"] = refusing(grpc.StatusCode.INTERNAL, "no mail today")
    assert (await place(checkout)).order_id


async def test_an_order_does_not_wait_for_its_confirmation(checkout: Checkout, services: Shop) -> None:
    sent = asyncio.Event()

    async def slow(*_: Any) -> shop_pb2.Empty:
        await sent.wait()
        return shop_pb2.Empty()

    services.answers["SendOrderConfirmation"] = slow
    assert (await place(checkout)).order_id
    sent.set()


async def test_an_order_without_an_email_is_placed_without_a_confirmation(
    settings: CheckoutSettings, services: Shop, ask: Ask
) -> None:
    async with open_dependencies(settings) as dependencies, open_store(settings.product_data) as orders:
        process = CheckoutProcess(dependencies, orders)
        await process.place(order_of(email=None), "k")
        await process.close()
    assert services.called()["SendOrderConfirmation"] == 0
    assert ask("SELECT status, email FROM orders.orders") == "placed|"


async def test_a_postal_code_is_stored_and_sent_on_as_it_was_written(
    checkout: Checkout, services: Shop, ask: Ask
) -> None:
    london = address(city="London", state="", country="United Kingdom", zip_code=0, postal_code="SW1A 1AA")
    order = await place(checkout, order_of(address=london), key="k")
    assert order.shipping_address == london
    assert await place(checkout, order_of(address=london), key="k") == order
    assert ask("SELECT zip_code, postal_code FROM orders.orders") == "0|SW1A 1AA"
    for method in ("GetQuote", "ShipOrder"):
        (call,) = services.calls[method]
        assert call.request.address == london
    assert (await services.confirmations.get()).order.shipping_address == london


async def test_the_cart_is_emptied_before_the_response_even_if_its_replica_is_being_replaced(
    checkout: Checkout, services: Shop
) -> None:
    async def flaky(request: Any, context: Any) -> shop_pb2.Empty:
        if services.called()["EmptyCart"] < 3:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the primary is away")
        return await services.EmptyCart(request, context)

    services.answers["EmptyCart"] = flaky
    assert (await place(checkout)).order_id
    assert services.cart == {}


async def test_the_cart_is_not_emptied_after_the_response(
    replica: Replica, settings: CheckoutSettings, services: Shop
) -> None:
    checkout = await replica(settings, emptying_seconds=1)
    given_up = asyncio.Event()

    async def late(*_: Any) -> NoReturn:
        try:
            await never()
        finally:
            given_up.set()

    services.answers["EmptyCart"] = late
    assert (await place(checkout)).order_id
    async with asyncio.timeout(DEADLINE_SECONDS):
        await given_up.wait()
    assert services.called()["EmptyCart"] == 1


async def test_emptying_the_cart_leaves_time_for_the_response(checkout: Checkout, services: Shop) -> None:
    await place(checkout, timeout=4)
    (call,) = services.calls["EmptyCart"]
    assert call.seconds_left is not None
    assert call.seconds_left <= 2


# ---- Quotes ----


@pytest.mark.parametrize(
    ("currency", "items_total", "shipping_cost"),
    [("USD", "48.97 USD", "8.99 USD"), ("EUR", "43.31 EUR", "7.95 EUR"), ("JPY", "5475 JPY", "1005 JPY")],
)
async def test_an_order_costs_what_its_quote_says(
    checkout: Checkout, services: Shop, currency: str, items_total: str, shipping_cost: str
) -> None:
    quote = await checkout.QuoteOrder(quote_of(user_currency=currency))
    goods, shipping = Money.from_wire(quote.items_total), Money.from_wire(quote.shipping_cost)
    assert (str(goods), str(shipping)) == (items_total, shipping_cost)
    await place(checkout, order_of(user_currency=currency, agreed_items_total=quote.items_total))
    (charge,) = services.calls["Charge"]
    assert Money.from_wire(charge.request.amount) == goods + shipping


async def test_a_quote_changes_nothing_and_only_reads_prices(checkout: Checkout, services: Shop, ask: Ask) -> None:
    await checkout.QuoteOrder(quote_of(user_currency="EUR"))
    assert services.called() == {"GetCart": 1, "GetProducts": 1, "GetQuote": 1, "ConvertMany": 1}
    assert services.cart
    assert ask("SELECT count(*) FROM orders.orders") == "0"


@pytest.mark.parametrize("to", [shop_pb2.Address(), shop_pb2.Address(country="Panama")])
async def test_a_quote_needs_no_complete_address(checkout: Checkout, to: shop_pb2.Address) -> None:
    assert (await checkout.QuoteOrder(quote_of(address=to))).shipping_cost == dollars(8, 990_000_000)


async def test_a_cart_that_cannot_be_ordered_has_no_quote(checkout: Checkout, services: Shop) -> None:
    services.cart["GONE000000"] = 1
    unsold = "product GONE000000 in the cart is no longer sold"
    assert await refused_quote(checkout, quote_of()) == (grpc.StatusCode.FAILED_PRECONDITION, unsold)
    services.cart.clear()
    assert await refused_quote(checkout, quote_of()) == (grpc.StatusCode.FAILED_PRECONDITION, "the cart is empty")


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (quote_of(user_id=""), "user_id"),
        (quote_of(user_currency="usd"), "user_currency"),
        (quote_of(user_currency="XXX"), "user_currency"),
        (quote_of(address=address(city="x" * 129)), "address.city"),
        (quote_of(address=address(country="\nBcc: everyone")), "address.country"),
        (quote_of(address=address(postal_code="x" * 17)), "address.postal_code"),
        (quote_of(address=address(zip_code=-1)), "address.zip_code"),
    ],
)
async def test_a_field_of_a_quote_out_of_range_is_refused_with_its_name(
    checkout: Checkout, request_: shop_pb2.QuoteOrderRequest, field: str
) -> None:
    code, details = await refused_quote(checkout, request_)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(f"{field}: ")


# ---- The agreed total ----


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
async def test_an_order_with_another_total_than_agreed_is_refused_and_changes_nothing(
    checkout: Checkout, services: Shop, ask: Ask, agreed: shop_pb2.Money, words: str
) -> None:
    refusal = await refused(checkout, order_of(agreed_items_total=agreed), key="k")
    assert refusal == (grpc.StatusCode.ABORTED, words)
    assert services.called()["Charge"] == 0
    assert services.cart
    assert ask("SELECT count(*) FROM orders.orders") == "0"
    # A refused order does not use up its key.
    agreed_now = order_of(agreed_items_total=dollars(48, 970_000_000))
    assert (await place(checkout, agreed_now, key="k")).order_id


async def test_a_repeated_order_returns_the_same_order_even_if_the_cart_has_another_total_now(
    checkout: Checkout, services: Shop
) -> None:
    request = order_of(agreed_items_total=dollars(48, 970_000_000))
    order = await place(checkout, request, key="k")
    services.cart["6E92ZMYYFZ"] = 7
    assert await place(checkout, request, key="k") == order
    assert len(services.transactions) == 1


async def test_an_order_that_may_have_been_charged_continues_at_the_total_agreed_then(
    checkout: Checkout, services: Shop
) -> None:
    charge = services.answers["Charge"]
    services.answers["Charge"] = losing_its_answer(charge)
    request = order_of(agreed_items_total=dollars(48, 970_000_000))
    await refused(checkout, request, key="k")
    services.answers["Charge"] = charge
    services.cart["6E92ZMYYFZ"] = 7
    order = await place(checkout, request, key="k")
    assert str(shown_total(order)) == "57.96 USD"
    assert list(services.transactions) == [order.order_id]


async def test_a_refunded_order_is_checked_against_the_agreed_total_when_it_is_repeated(
    checkout: Checkout, services: Shop
) -> None:
    services.answers["ShipOrder"] = refusing(grpc.StatusCode.UNAVAILABLE, "no van")
    request = order_of(agreed_items_total=dollars(48, 970_000_000))
    await refused(checkout, request, key="k")
    services.cart["6E92ZMYYFZ"] = 7
    assert (await refused(checkout, request, key="k"))[0] is grpc.StatusCode.ABORTED
    assert services.charged() == []


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
        (order_of(address=address(postal_code="x" * 17)), "address.postal_code"),
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
async def test_a_field_out_of_range_is_refused_with_its_name_and_changes_nothing(
    checkout: Checkout, services: Shop, ask: Ask, request_: shop_pb2.PlaceOrderRequest, field: str
) -> None:
    code, details = await refused(checkout, request_)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(f"{field}: ")
    assert services.transactions == {}
    assert services.cart
    assert ask("SELECT count(*) FROM orders.orders") == "0"


async def test_a_currency_that_converts_to_zero_is_refused(checkout: Checkout, services: Shop) -> None:
    async def nothing(request: shop_pb2.CurrencyConversionRequest, _: Any) -> shop_pb2.Money:
        return shop_pb2.Money(currency_code=request.to_code)

    del services.answers["ConvertMany"]
    services.answers["Convert"] = nothing
    code, details = await refused(checkout, order_of(user_currency="XXX"))
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "user_currency: XXX is not a currency of the shop")
    assert services.transactions == {}


@pytest.mark.parametrize("key", ["", "x" * 129])
async def test_an_idempotency_key_out_of_range_is_refused(checkout: Checkout, key: str) -> None:
    code, details = await refused(checkout, key=key)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("idempotency-key: ")


async def test_an_empty_cart_is_refused(checkout: Checkout, services: Shop) -> None:
    services.cart.clear()
    assert await refused(checkout) == (grpc.StatusCode.FAILED_PRECONDITION, "the cart is empty")


async def test_a_cart_with_a_quantity_below_one_is_refused(checkout: Checkout, services: Shop) -> None:
    services.cart["6E92ZMYYFZ"] = -5
    code, details = await refused(checkout)
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "6E92ZMYYFZ" in details


@pytest.mark.parametrize("original", [False, True])
async def test_a_product_that_is_no_longer_sold_is_named(checkout: Checkout, services: Shop, original: bool) -> None:
    services.cart["GONE000000"] = 1
    if original:
        del services.answers["GetProducts"]
    code, details = await refused(checkout)
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details == "product GONE000000 in the cart is no longer sold"
    assert services.transactions == {}


@pytest.mark.parametrize(
    "words",
    [
        "Credit card info is invalid",
        "Sorry, we cannot process american express credit cards. Only VISA or MasterCard is accepted.",
        "Your credit card (ending 0454) expired on 1/2020",
    ],
)
@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNKNOWN])
async def test_a_card_is_refused_with_payments_message_and_another_card_may_use_the_same_key(
    checkout: Checkout, services: Shop, ask: Ask, words: str, code: grpc.StatusCode
) -> None:
    charge = services.answers["Charge"]
    services.answers["Charge"] = refusing(code, words)
    assert await refused(checkout, key="k") == (grpc.StatusCode.INVALID_ARGUMENT, words)
    assert ask("SELECT count(*) FROM orders.orders") == "0"
    assert services.cart
    assert services.called()["ShipOrder"] == 0
    services.answers["Charge"] = charge
    assert (await place(checkout, key="k")).order_id


# ---- The same order twice ----


async def test_the_same_key_returns_the_same_order_with_one_charge(checkout: Checkout, services: Shop) -> None:
    first = await place(checkout, key="k")
    services.cart["6E92ZMYYFZ"] = 7
    assert await place(checkout, key="k") == first
    assert len(services.transactions) == 1
    assert services.cart == {"6E92ZMYYFZ": 7}


async def test_the_same_key_on_two_replicas_at_once_places_one_order(
    replica: Replica, settings: CheckoutSettings, services: Shop, ask: Ask
) -> None:
    replicas = [await replica(settings), await replica(settings)]
    orders = await asyncio.gather(*(place(replicas[number % 2], key="k") for number in range(8)))
    assert all(order == orders[0] for order in orders)
    assert len(services.transactions) == 1
    assert ask("SELECT count(*) FROM orders.orders") == "1"


async def test_without_a_key_each_call_places_its_own_order(checkout: Checkout, services: Shop) -> None:
    first = await place(checkout)
    services.cart["6E92ZMYYFZ"] = 1
    second = await place(checkout)
    assert first.order_id != second.order_id
    assert len(services.charged()) == 2


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
    checkout: Checkout, services: Shop, other: shop_pb2.PlaceOrderRequest
) -> None:
    await place(checkout, key="k")
    services.cart["6E92ZMYYFZ"] = 1
    code, details = await refused(checkout, other, key="k")
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details.startswith("idempotency-key: ")
    assert len(services.transactions) == 1


async def test_after_a_kill_between_charge_and_shipping_another_replica_completes_the_order_with_one_charge(
    settings: CheckoutSettings, replica: Replica, services: Shop
) -> None:
    charged = asyncio.Event()
    charge = services.answers["Charge"]

    async def charge_and_hang(request: Any, context: Any) -> NoReturn:
        await charge(request, context)
        charged.set()
        await never()

    services.answers["Charge"] = charge_and_hang
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
    services.answers["Charge"] = charge
    # Prices and cart are those of the order as it was charged, whatever they are now.
    services.cart = {"6E92ZMYYFZ": 7}
    order = await place(await replica(settings), key="k")
    assert [entry.item.product_id for entry in order.items] == ["OLJCESPC7Z", "6E92ZMYYFZ"]
    assert len(services.transactions) == 1
    first, second = services.calls["Charge"]
    assert first.request.amount == second.request.amount


def environment_of(settings: CheckoutSettings) -> dict[str, str]:
    values = settings.model_dump(exclude_unset=True)
    values |= {f"product_data_{name}": value for name, value in values.pop("product_data").items()}
    variables = {name.upper(): str(value) for name, value in values.items()}
    return dict(os.environ) | variables | {"PRODUCT_DATA_PASSWORD": "unused"}


# ---- Services that fail ----


@pytest.mark.parametrize("method", ["GetCart", "GetProducts", "GetQuote", "ConvertMany"])
async def test_a_failure_before_the_charge_reaches_the_caller_and_nothing_is_charged(
    checkout: Checkout, services: Shop, ask: Ask, method: str
) -> None:
    services.answers[method] = refusing(grpc.StatusCode.UNAVAILABLE, "away")
    code, details = await refused(checkout, order_of(user_currency="EUR"))
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "away")
    assert services.transactions == {}
    assert ask("SELECT count(*) FROM orders.orders") == "0"


async def test_a_charge_is_refunded_if_shipping_fails_and_the_same_key_may_be_used_again(
    checkout: Checkout, services: Shop, ask: Ask
) -> None:
    ship = services.answers["ShipOrder"]
    services.answers["ShipOrder"] = refusing(grpc.StatusCode.UNAVAILABLE, "no van")
    assert await refused(checkout, key="k") == (grpc.StatusCode.UNAVAILABLE, "no van")
    assert services.charged() == []
    assert services.cart
    assert ask("SELECT status FROM orders.orders") == "refunded"
    services.answers["ShipOrder"] = ship
    order = await place(checkout, key="k")
    assert services.transactions[order.order_id] in services.charged()
    assert len(services.charged()) == 1


async def test_a_charge_that_cannot_be_refunded_is_logged_and_the_next_attempt_ships(
    checkout: Checkout, services: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    del services.answers["Refund"]
    ship = services.answers["ShipOrder"]
    services.answers["ShipOrder"] = refusing(grpc.StatusCode.UNAVAILABLE, "no van")
    assert await refused(checkout, key="k") == (grpc.StatusCode.UNAVAILABLE, "no van")
    assert any(
        record.levelno == logging.ERROR and "charged and not shipped" in record.message for record in caplog.records
    )
    services.answers["ShipOrder"] = ship
    assert (await place(checkout, key="k")).order_id
    assert len(services.transactions) == 1


async def test_a_refund_that_fails_is_repeated_later(
    checkout: Checkout, settings: CheckoutSettings, services: Shop, ask: Ask
) -> None:
    refund = services.answers["Refund"]
    services.answers["ShipOrder"] = refusing(grpc.StatusCode.INTERNAL, "no van")
    services.answers["Refund"] = refusing(grpc.StatusCode.INTERNAL, "not now")
    await refused(checkout, key="k")
    assert ask("SELECT status FROM orders.orders") == "refunding"
    assert (await refused(checkout, key="k"))[0] is grpc.StatusCode.UNAVAILABLE
    services.answers["Refund"] = refund
    async with open_dependencies(settings) as dependencies, open_store(settings.product_data) as orders:
        await CheckoutProcess(dependencies, orders).recover()
    assert services.charged() == []
    assert ask("SELECT status FROM orders.orders") == "refunded"


async def test_a_charge_whose_response_was_lost_is_refunded(checkout: Checkout, services: Shop, ask: Ask) -> None:
    charge = services.answers["Charge"]

    async def lose_first_answer(request: Any, context: Any) -> Any:
        answer = await charge(request, context)
        if services.called()["Charge"] == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was reset")
        return answer

    services.answers["Charge"] = lose_first_answer
    assert (await refused(checkout))[0] is grpc.StatusCode.UNAVAILABLE
    assert len(services.transactions) == 1
    assert services.charged() == []
    assert ask("SELECT status FROM orders.orders") == "refunded"


async def test_a_charge_with_an_unknown_outcome_is_not_repeated_with_the_same_key(
    checkout: Checkout, services: Shop
) -> None:
    charge = services.answers["Charge"]
    services.answers["Charge"] = losing_its_answer(charge)
    await refused(checkout, key="k")
    services.answers["Charge"] = refusing(grpc.StatusCode.INVALID_ARGUMENT, "Credit card info is invalid")
    await refused(checkout, key="k")
    services.answers["Charge"] = charge
    order = await place(checkout, key="k")
    assert list(services.transactions) == [order.order_id]
    assert len(services.charged()) == 1


# ---- Deadlines ----


async def test_the_callers_deadline_is_passed_on(checkout: Checkout, services: Shop) -> None:
    await place(checkout, order_of(user_currency="EUR"), timeout=4)
    for method in ("GetCart", "GetProducts", "GetQuote", "ConvertMany", "Charge", "ShipOrder"):
        (call,) = services.calls[method]
        assert call.seconds_left is not None
        assert call.seconds_left <= 4


async def test_a_charge_is_refunded_if_shipping_takes_longer_than_the_callers_deadline(
    checkout: Checkout, services: Shop
) -> None:
    refunded = asyncio.Event()

    async def refund(request: Any, context: Any) -> shop_pb2.Empty:
        refunded.set()
        return await services.Refund(request, context)

    services.answers["ShipOrder"] = never
    services.answers["Refund"] = refund
    code, _ = await refused(checkout, timeout=1)
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    async with asyncio.timeout(DEADLINE_SECONDS):
        await refunded.wait()
    assert services.charged() == []


async def test_an_order_is_completed_even_if_the_caller_cancels(checkout: Checkout, services: Shop) -> None:
    charging, gone = asyncio.Event(), asyncio.Event()
    charge = services.answers["Charge"]

    async def slow(request: Any, context: Any) -> Any:
        charging.set()
        await gone.wait()
        return await charge(request, context)

    services.answers["Charge"] = slow
    call = checkout.PlaceOrder(order_of())
    async with asyncio.timeout(DEADLINE_SECONDS):
        await charging.wait()
        call.cancel()
        gone.set()
        assert (await services.confirmations.get()).email == "ada@example.com"
    assert len(services.charged()) == 1


# ---- Postgres ----


def through(settings: CheckoutSettings, port: int) -> CheckoutSettings:
    """Returns the settings with Postgres at this port of the machine."""
    store = settings.product_data.model_copy(update={"addr": f"127.0.0.1:{port}"})
    return settings.model_copy(update={"product_data": store})


async def test_an_order_survives_a_loss_of_postgres_after_the_charge(
    replica: Replica, settings: CheckoutSettings, services: Shop, gate: Gate, ask: Ask
) -> None:
    charge = services.answers["Charge"]

    async def charge_as_postgres_dies(request: Any, context: Any) -> Any:
        gate.close()
        asyncio.get_running_loop().call_later(0.5, lambda: asyncio.ensure_future(gate.open()))
        return await charge(request, context)

    services.answers["Charge"] = charge_as_postgres_dies
    through_gate = through(settings, gate.port)
    order = await place(await replica(through_gate), key="k")
    assert ask("SELECT id, status FROM orders.orders") == f"{order.order_id}|placed"
    assert len(services.transactions) == 1


async def test_a_service_is_not_ready_while_postgres_is_down(settings: CheckoutSettings, gate: Gate, ask: Ask) -> None:
    gate.close()
    through_gate = through(settings, gate.port)
    async with open_service(through_gate) as service:
        assert service.ready is not None
        assert not service.ready.is_set()
        await gate.open()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await service.ready.wait()
    assert ask("SELECT count(*) FROM orders.orders") == "0"


@pytest.mark.parametrize("statement", ["DROP SCHEMA orders CASCADE", TO_OLD_SCHEMA])
async def test_a_service_without_its_schema_names_the_migration_and_becomes_ready_after_it(
    settings: CheckoutSettings, ask: Ask, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    ask(statement)
    logged = asyncio.Event()

    def log(message: str) -> None:
        assert message == "the order store has no schema: `python3 -m boutique_checkout.migration` creates it"
        logged.set()

    monkeypatch.setattr(logging.getLogger("boutique_checkout.store"), "error", log)
    async with open_service(settings) as service:
        assert service.ready is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            await logged.wait()
            assert not service.ready.is_set()
            await migrate(settings.product_data, "checkout", prepare)
            await service.ready.wait()


async def test_a_migration_keeps_the_orders(checkout: Checkout, settings: CheckoutSettings, ask: Ask) -> None:
    order = await place(checkout)
    await migrate(settings.product_data, "checkout", prepare)
    assert ask("SELECT id FROM orders.orders") == order.order_id


async def test_an_order_without_a_postal_code_is_returned_again_after_the_upgrade(
    checkout: Checkout, settings: CheckoutSettings, ask: Ask
) -> None:
    order = await place(checkout, key="k")
    ask(TO_OLD_SCHEMA)
    await migrate(settings.product_data, "checkout", prepare)
    await migrate(settings.product_data, "checkout", prepare)
    assert await place(checkout, key="k") == order
    assert order.shipping_address == address()


async def test_the_old_version_of_the_service_can_read_and_write_after_the_upgrade(
    settings: CheckoutSettings, ask: Ask
) -> None:
    ask(TO_OLD_SCHEMA)
    find = "SELECT o.* FROM orders.orders AS o WHERE o.idempotency_key = $1"
    add = """
    INSERT INTO orders.orders (
        id, idempotency_key, fingerprint, status, user_id, email, street_address, city, state, country, zip_code,
        currency_code, shipping_cost, total
    )
    VALUES (gen_random_uuid(), $1, '', 'placed', 'ada', 'ada@example.com', '12 Row', 'London', '', 'UK', 1, 'USD', 1, 2)
    """
    address_, credentials = settings.product_data.addr, settings.product_data.credentials()
    async with create_pool(settings.product_data, address_, credentials, service="old", connections=1) as old:
        for key in ("before", "after"):
            await old.execute(add, key)
            (row,) = await old.fetch(find, key)
            assert row["zip_code"] == 1
            await migrate(settings.product_data, "checkout", prepare)
    kept = "SELECT idempotency_key, postal_code = '' FROM orders.orders ORDER BY created_at"
    assert ask(kept) == "before|t\nafter|t"


# ---- The card ----


async def test_no_card_reaches_the_log_or_the_database(
    checkout: Checkout, services: Shop, caplog: pytest.LogCaptureFixture, ask: Ask
) -> None:
    caplog.set_level(logging.DEBUG)
    await place(checkout)
    services.cart["6E92ZMYYFZ"] = 1
    services.answers["Charge"] = refusing(grpc.StatusCode.INTERNAL, "broken")
    await refused(checkout)
    assert not any(CARD_NUMBER in f"{record.getMessage()}{record.__dict__}" for record in caplog.records)
    assert CARD_NUMBER not in ask("SELECT orders, items FROM orders.orders JOIN orders.items ON order_id = id")
