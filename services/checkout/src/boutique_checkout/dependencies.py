"""The six services that an order takes, ours or the original's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc

from boutique_checkout.order import Order
from boutique_checkout.settings import CheckoutSettings
from boutique_runtime.clients import MethodWithFallback, call, open_channels
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
    """Every method raises grpc.aio.AioRpcError where the service is away, late, or fails."""

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
        cart = await call(self._cart.GetCart, shop_pb2.GetCartRequest(user_id=user_id), timeout_seconds=_READ_SECONDS)
        return cart.items

    async def prices(self, product_ids: Sequence[str]) -> list[Money]:
        """The catalog's prices. Raises FailedPreconditionError naming a product that is no longer in it."""
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
        quote = await call(
            self._shipping.GetQuote,
            shop_pb2.GetQuoteRequest(address=address, items=items),
            timeout_seconds=_READ_SECONDS,
        )
        return Money.from_wire(quote.cost_usd, "cost_usd")

    async def converted(self, amounts: Sequence[Money], currency_code: str) -> list[Money]:
        """The amounts in the currency, in their order. Raises InvalidFieldError where it is not one of the shop's."""
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
            # The original's service turns an unknown currency into nothing, and an order must not cost nothing.
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
        """Charges the order's total; answers the transaction's id, and the same one when asked again.

        Raises InvalidRequestError in payment's own words where the card is refused. An AioRpcError leaves it open
        whether the card was charged.
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
            # The original refuses with a code that gRPC does not have, which arrives as UNKNOWN.
            if error.code() is grpc.StatusCode.INVALID_ARGUMENT or details.startswith(_CARD_REFUSALS):
                raise InvalidRequestError(details) from error
            raise
        return answer.transaction_id

    async def refund(self, transaction_id: str) -> None:
        """The original cannot, and answers UNIMPLEMENTED."""
        await call(
            self._payment.Refund,
            shop_pb2.RefundRequest(transaction_id=transaction_id),
            timeout_seconds=_REFUND_SECONDS,
        )

    async def ship(self, order: Order) -> str:
        """Answers the tracking id, and the same one when asked again."""
        result = order.to_wire()
        answer = await call(
            self._shipping.ShipOrder,
            shop_pb2.ShipOrderRequest(address=order.address, items=[entry.item for entry in result.items]),
            timeout_seconds=_SHIP_SECONDS,
            metadata=((IDEMPOTENCY_KEY, str(order.id)),),
        )
        return answer.tracking_id

    async def empty_cart(self, user_id: str, timeout_seconds: float) -> None:
        """Nothing is sent after the timeout, and what was sent before is called back."""
        request = shop_pb2.EmptyCartRequest(user_id=user_id)
        await call(self._cart.EmptyCart, request, timeout_seconds=timeout_seconds)

    async def send_confirmation(self, order: Order) -> None:
        await call(
            self._email.SendOrderConfirmation,
            shop_pb2.SendOrderConfirmationRequest(email=order.email, order=order.to_wire()),
            timeout_seconds=_CONFIRMATION_SECONDS,
        )


@asynccontextmanager
async def open_dependencies(settings: CheckoutSettings) -> AsyncIterator[Dependencies]:
    """Connects when first used, so that the services can start in any order."""
    addresses = {
        "CartService": settings.cart_service_addr,
        "CurrencyService": settings.currency_service_addr,
        "EmailService": settings.email_service_addr,
        "PaymentService": settings.payment_service_addr,
        "ProductCatalogService": settings.product_catalog_service_addr,
        "ShippingService": settings.shipping_service_addr,
    }
    async with open_channels(shop_pb2.DESCRIPTOR.services_by_name, addresses) as channels:
        yield Dependencies(
            cart=shop_pb2_grpc.CartServiceStub(channels["CartService"]),
            catalog=shop_pb2_grpc.ProductCatalogServiceStub(channels["ProductCatalogService"]),
            currency=shop_pb2_grpc.CurrencyServiceStub(channels["CurrencyService"]),
            payment=shop_pb2_grpc.PaymentServiceStub(channels["PaymentService"]),
            shipping=shop_pb2_grpc.ShippingServiceStub(channels["ShippingService"]),
            email=shop_pb2_grpc.EmailServiceStub(channels["EmailService"]),
        )


def _unsupported(currency_code: str) -> InvalidFieldError:
    return InvalidFieldError("user_currency", f"{currency_code} is not a currency of the shop")
