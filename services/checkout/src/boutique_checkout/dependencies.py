"""The six services that an order needs. Each may be Online Boutique's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc

from boutique_checkout.order import Order
from boutique_checkout.settings import CheckoutSettings
from boutique_runtime.clients import MethodWithFallback, call, open_stub
from boutique_runtime.errors import FailedPreconditionError, InvalidFieldError, InvalidRequestError
from boutique_runtime.idempotency import IDEMPOTENCY_KEY
from boutique_runtime.money import Money
from hipstershop import shop_pb2, shop_pb2_grpc

_READ_SECONDS = 10
_CHARGE_SECONDS = 10
_REFUND_SECONDS = 10
_SHIP_SECONDS = 10
_CONFIRMATION_SECONDS = 30

_CARD_REFUSALS = (
    "Credit card info is invalid",
    "Sorry, we cannot process",
    "Your credit card (ending",
)


class Dependencies:
    """Calls the services. Every method raises grpc.aio.AioRpcError if a service is down, late, or fails."""

    def __init__(
        self,
        *,
        cart: shop_pb2_grpc.CartServiceAsyncStub,
        catalog: shop_pb2_grpc.ProductCatalogServiceAsyncStub,
        currency: shop_pb2_grpc.CurrencyServiceAsyncStub,
        payment: shop_pb2_grpc.PaymentServiceAsyncStub,
        shipping: shop_pb2_grpc.ShippingServiceAsyncStub,
        email: shop_pb2_grpc.EmailServiceAsyncStub,
    ) -> None:
        self._cart = cart
        self._catalog = catalog
        self._currency = currency
        self._payment = payment
        self._shipping = shipping
        self._email = email
        self._products = MethodWithFallback(
            catalog.GetProducts, self._products_one_by_one, timeout_seconds=_READ_SECONDS
        )
        self._convert = MethodWithFallback(
            currency.ConvertMany, self._convert_one_by_one, timeout_seconds=_READ_SECONDS
        )

    async def cart_items(self, user_id: str) -> Sequence[shop_pb2.CartItem]:
        """Returns the cart of a user."""
        cart = await call(self._cart.GetCart, shop_pb2.GetCartRequest(user_id=user_id), timeout_seconds=_READ_SECONDS)
        return cart.items

    async def prices(self, product_ids: Sequence[str]) -> list[Money]:
        """Returns the catalog's prices. Raises FailedPreconditionError for a product that is not there."""
        answer = await self._products(shop_pb2.GetProductsRequest(ids=product_ids))
        prices = {product.id: Money.from_wire(product.price_usd, "price_usd") for product in answer.products}
        for product_id in product_ids:
            if product_id not in prices:
                raise FailedPreconditionError(f"product {product_id} in the cart is no longer sold")
        return [prices[product_id] for product_id in product_ids]

    async def _products_one_by_one(self, request: shop_pb2.GetProductsRequest) -> shop_pb2.GetProductsResponse:
        products = await asyncio.gather(*(self._product(product_id) for product_id in request.ids))
        return shop_pb2.GetProductsResponse(products=[product for product in products if product is not None])

    async def _product(self, product_id: str) -> shop_pb2.Product | None:
        try:
            return await call(
                self._catalog.GetProduct, shop_pb2.GetProductRequest(id=product_id), timeout_seconds=_READ_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    async def shipping_quote(self, address: shop_pb2.Address, items: Sequence[shop_pb2.CartItem]) -> Money:
        """Returns the cost of shipping the items to the address."""
        quote = await call(
            self._shipping.GetQuote,
            shop_pb2.GetQuoteRequest(address=address, items=items),
            timeout_seconds=_READ_SECONDS,
        )
        return Money.from_wire(quote.cost_usd, "cost_usd")

    async def converted(self, amounts: Sequence[Money], currency_code: str) -> list[Money]:
        """Returns the amounts in the currency. Raises InvalidFieldError if the shop does not have the currency."""
        foreign = sorted({a for a in amounts if a.currency_code != currency_code}, key=lambda a: a.total_nanos)
        if not foreign:
            return list(amounts)
        try:
            request = shop_pb2.ConvertManyRequest(
                to_code=currency_code, **{"from": [amount.to_wire() for amount in foreign]}
            )
            answer = await self._convert(request)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                raise _unsupported(currency_code) from error
            raise
        conversions = dict(zip(foreign, (Money.from_wire(converted) for converted in answer.amounts), strict=True))
        for amount, conversion in conversions.items():
            # Online Boutique's service converts to 0 for an unknown currency, and an order must not be free.
            if amount.total_nanos > 0 and conversion.total_nanos <= 0:
                raise _unsupported(currency_code)
        return [conversions.get(amount, amount) for amount in amounts]

    async def _convert_one_by_one(self, request: shop_pb2.ConvertManyRequest) -> shop_pb2.ConvertManyResponse:
        requests = [
            shop_pb2.CurrencyConversionRequest(to_code=request.to_code, **{"from": amount})
            for amount in getattr(request, "from")
        ]
        converted = await asyncio.gather(
            *(call(self._currency.Convert, one, timeout_seconds=_READ_SECONDS) for one in requests)
        )
        return shop_pb2.ConvertManyResponse(amounts=converted)

    async def charge(self, order: Order, card: shop_pb2.CreditCardInfo) -> str:
        """Charges the order's total and returns the transaction's id, the same one if it is called again.

        Raises InvalidRequestError with payment's own message if the card is refused. After an AioRpcError it is
        unknown whether the card was charged.
        """
        try:
            answer = await call(
                self._payment.Charge,
                shop_pb2.ChargeRequest(amount=order.total.to_wire(), credit_card=card),
                timeout_seconds=_CHARGE_SECONDS,
                metadata=((IDEMPOTENCY_KEY, str(order.id)),),
            )
        except grpc.aio.AioRpcError as error:
            details = error.details() or ""
            # Online Boutique's service refuses with a code that gRPC does not have, which arrives as UNKNOWN.
            if error.code() is grpc.StatusCode.INVALID_ARGUMENT or details.startswith(_CARD_REFUSALS):
                raise InvalidRequestError(details) from error
            raise
        return answer.transaction_id

    async def refund(self, transaction_id: str) -> None:
        """Refunds a charge. Online Boutique's service fails with UNIMPLEMENTED."""
        await call(
            self._payment.Refund,
            shop_pb2.RefundRequest(transaction_id=transaction_id),
            timeout_seconds=_REFUND_SECONDS,
        )

    async def ship(self, order: Order) -> str:
        """Ships the order and returns the tracking id, the same one if it is called again."""
        result = order.to_wire()
        answer = await call(
            self._shipping.ShipOrder,
            shop_pb2.ShipOrderRequest(address=order.address, items=[entry.item for entry in result.items]),
            timeout_seconds=_SHIP_SECONDS,
            metadata=((IDEMPOTENCY_KEY, str(order.id)),),
        )
        return answer.tracking_id

    async def empty_cart(self, user_id: str, timeout_seconds: float) -> None:
        """Empties the cart. After the timeout, a call that was sent is cancelled and none is sent again."""
        request = shop_pb2.EmptyCartRequest(user_id=user_id)
        await call(self._cart.EmptyCart, request, timeout_seconds=timeout_seconds)

    async def send_confirmation(self, order: Order) -> None:
        """Sends the confirmation to the shopper."""
        await call(
            self._email.SendOrderConfirmation,
            shop_pb2.SendOrderConfirmationRequest(email=order.email, order=order.to_wire()),
            timeout_seconds=_CONFIRMATION_SECONDS,
        )


@asynccontextmanager
async def open_dependencies(settings: CheckoutSettings) -> AsyncIterator[Dependencies]:
    """Opens a channel to each service. They connect when first used, so services start in any order."""
    async with (
        open_stub(shop_pb2_grpc.CartServiceStub, settings.cart_service_addr) as cart,
        open_stub(shop_pb2_grpc.ProductCatalogServiceStub, settings.product_catalog_service_addr) as catalog,
        open_stub(shop_pb2_grpc.CurrencyServiceStub, settings.currency_service_addr) as currency,
        open_stub(shop_pb2_grpc.PaymentServiceStub, settings.payment_service_addr) as payment,
        open_stub(shop_pb2_grpc.ShippingServiceStub, settings.shipping_service_addr) as shipping,
        open_stub(shop_pb2_grpc.EmailServiceStub, settings.email_service_addr) as email,
    ):
        yield Dependencies(
            cart=cart, catalog=catalog, currency=currency, payment=payment, shipping=shipping, email=email
        )


def _unsupported(currency_code: str) -> InvalidFieldError:
    return InvalidFieldError("user_currency", f"{currency_code} is not a currency of the shop")
