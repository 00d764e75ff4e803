"""The checkout service on a real Postgres, and fakes of the six services that it calls."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from pydantic import SecretStr

from boutique_checkout.__main__ import open_service
from boutique_checkout.migration import prepare
from boutique_checkout.settings import CheckoutSettings
from boutique_runtime.migration import migrate
from boutique_runtime.money import Money
from boutique_runtime.postgres import PostgresSettings
from boutique_testing.fake_services import FakeServices, served
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    from boutique_development_servers.postgres import PostgresServer
    from boutique_testing.plugin import Serve

    Checkout = shop_pb2_grpc.CheckoutServiceAsyncStub

PRICES = {"OLJCESPC7Z": Money("USD", 19_990_000_000), "6E92ZMYYFZ": Money("USD", 8_990_000_000)}
SHIPPING = Money("USD", 8_990_000_000)
RATES_IN_MILLIONTHS = {"EUR": 884_564, "JPY": 111_808_934}


@dataclass
class Shop(FakeServices):
    """The six services that an order needs."""

    cart: dict[str, int] = field(default_factory=lambda: {"OLJCESPC7Z": 2, "6E92ZMYYFZ": 1})
    transactions: dict[str, str] = field(default_factory=dict)
    """Transaction ids by idempotency key: one for each time that a card was charged."""
    refunded: set[str] = field(default_factory=set)
    confirmations: asyncio.Queue[shop_pb2.SendOrderConfirmationRequest] = field(default_factory=asyncio.Queue)

    def charged(self) -> list[str]:
        """Returns the transactions that were not refunded."""
        return [transaction for transaction in self.transactions.values() if transaction not in self.refunded]

    async def GetCart(self, request: shop_pb2.GetCartRequest, _: Any) -> shop_pb2.Cart:  # noqa: N802
        items = [shop_pb2.CartItem(product_id=id_, quantity=quantity) for id_, quantity in self.cart.items()]
        return shop_pb2.Cart(user_id=request.user_id, items=items)

    async def EmptyCart(self, *_: Any) -> shop_pb2.Empty:  # noqa: N802
        self.cart.clear()
        return shop_pb2.Empty()

    async def GetProduct(self, request: shop_pb2.GetProductRequest, context: Any) -> shop_pb2.Product:  # noqa: N802
        if request.id not in PRICES:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no product with ID {request.id}")
        return shop_pb2.Product(id=request.id, price_usd=PRICES[request.id].to_wire())

    async def GetProducts(  # noqa: N802
        self, request: shop_pb2.GetProductsRequest, _: Any
    ) -> shop_pb2.GetProductsResponse:
        products = [
            shop_pb2.Product(id=id_, price_usd=price.to_wire()) for id_, price in PRICES.items() if id_ in request.ids
        ]
        return shop_pb2.GetProductsResponse(products=products)

    async def GetQuote(self, *_: Any) -> shop_pb2.GetQuoteResponse:  # noqa: N802
        return shop_pb2.GetQuoteResponse(cost_usd=SHIPPING.to_wire())

    async def ShipOrder(self, *_: Any) -> shop_pb2.ShipOrderResponse:  # noqa: N802
        return shop_pb2.ShipOrderResponse(tracking_id="AB-1234-5678")

    async def Convert(  # noqa: N802
        self, request: shop_pb2.CurrencyConversionRequest, context: Any
    ) -> shop_pb2.Money:
        amount: shop_pb2.Money = getattr(request, "from")
        return await self._converted(amount, request.to_code, context)

    async def ConvertMany(  # noqa: N802
        self, request: shop_pb2.ConvertManyRequest, context: Any
    ) -> shop_pb2.ConvertManyResponse:
        amounts = [await self._converted(amount, request.to_code, context) for amount in getattr(request, "from")]
        return shop_pb2.ConvertManyResponse(amounts=amounts)

    async def _converted(self, amount: shop_pb2.Money, code: str, context: Any) -> shop_pb2.Money:
        if code not in RATES_IN_MILLIONTHS:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"to_code: {code} has no rate")
        nanos = Money.from_wire(amount).total_nanos * RATES_IN_MILLIONTHS[code] // 1_000_000
        return Money(code, nanos).to_wire()

    async def Charge(self, _: shop_pb2.ChargeRequest, context: Any) -> shop_pb2.ChargeResponse:  # noqa: N802
        key = dict(context.invocation_metadata()).get("idempotency-key", str(uuid.uuid4()))
        return shop_pb2.ChargeResponse(transaction_id=self.transactions.setdefault(key, str(uuid.uuid4())))

    async def Refund(self, request: shop_pb2.RefundRequest, _: Any) -> shop_pb2.Empty:  # noqa: N802
        self.refunded.add(request.transaction_id)
        return shop_pb2.Empty()

    async def SendOrderConfirmation(  # noqa: N802
        self, request: shop_pb2.SendOrderConfirmationRequest, _: Any
    ) -> shop_pb2.Empty:
        self.confirmations.put_nowait(request)
        return shop_pb2.Empty()


@pytest.fixture
async def services() -> AsyncIterator[Shop]:
    async with served(Shop()) as shop:
        yield shop


@pytest.fixture
async def settings(services: Shop, postgres_server: PostgresServer, postgres_database: str) -> CheckoutSettings:
    """Returns settings with a database that has the schema and no orders."""
    settings = CheckoutSettings(
        cart_service_addr=services.address,
        product_catalog_service_addr=services.address,
        currency_service_addr=services.address,
        payment_service_addr=services.address,
        shipping_service_addr=services.address,
        email_service_addr=services.address,
        product_data=PostgresSettings(
            addr=postgres_server.address,
            database=postgres_database,
            username="postgres",
            password=SecretStr("unused"),
        ),
    )
    await migrate(settings.product_data, "checkout", prepare)
    return settings


@pytest.fixture
async def replica(serve: Serve) -> AsyncIterator[Callable[..., Awaitable[Checkout]]]:
    """Returns a function that starts a replica of the service and returns a stub for it."""
    async with AsyncExitStack() as stack:

        async def start(settings: CheckoutSettings, **options: float) -> Checkout:
            service = await stack.enter_async_context(open_service(settings, **options))
            return shop_pb2_grpc.CheckoutServiceStub(await serve(service))

        yield start


@pytest.fixture
async def checkout(replica: Callable[..., Awaitable[Checkout]], settings: CheckoutSettings) -> Checkout:
    return await replica(settings)


@pytest.fixture
def ask(postgres_server: PostgresServer, postgres_database: str) -> Callable[[str], str]:
    """Returns a function that runs a statement in the service's database."""
    return lambda statement: postgres_server.ask(statement, postgres_database)


class Gate:
    """A relay to Postgres that can be closed, as when its pod dies, and opened again at the same address."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_target, to_target = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers |= {writer, to_target}
        await asyncio.gather(_pump(reader, to_target), _pump(from_target, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@pytest.fixture
async def gate(postgres_server: PostgresServer) -> AsyncIterator[Gate]:
    opened = Gate(postgres_server.port)
    await opened.open()
    yield opened
    opened.close()
