"""An independent implementation of the contract's services, with the quirks of the original."""

import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import grpc

from tests.contract.contract import PRICES, Contract

CENTS_PER_EURO = {"EUR": 100, "USD": 113, "CAD": 151, "JPY": 12_640, "GBP": 86, "TRY": 612}
SHIPPING = {"currency_code": "USD", "units": 8, "nanos": 990_000_000}
DECLINED_CARD = "4000000000000002"

Fields = Mapping[str, Any]
Context = grpc.ServicerContext


@dataclass
class ForeignShop:
    """The services, and what they were asked to do."""

    address: str = ""
    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    charges: list[Any] = field(default_factory=list)
    shipments: list[Any] = field(default_factory=list)
    confirmations: list[Any] = field(default_factory=list)
    orders: list[Any] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, contract: Contract) -> Iterator[Self]:
        """Serves all services at one address, until the block ends."""
        shop = cls()
        server = grpc.server(ThreadPoolExecutor(8))
        methods = {method: getattr(shop, method) for method in contract.methods}
        server.add_generic_rpc_handlers(contract.handlers(methods))
        shop.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        yield shop
        server.stop(None).wait()

    def AddItem(self, request: Any, _: Context) -> Fields:  # noqa: N802 (methods are named as in the contract)
        cart = self.carts.setdefault(request.user_id, {})
        cart[request.item.product_id] = cart.get(request.item.product_id, 0) + request.item.quantity
        return {}

    def GetCart(self, request: Any, _: Context) -> Fields:  # noqa: N802
        """Returns no user id for an empty cart, like the original."""
        if request.user_id not in self.carts:
            return {}
        return {"user_id": request.user_id, "items": _items(self.carts[request.user_id])}

    def EmptyCart(self, request: Any, _: Context) -> Fields:  # noqa: N802
        self.carts.pop(request.user_id, None)
        return {}

    def ListProducts(self, _: Any, __: Context) -> Fields:  # noqa: N802
        return {"products": [_product(id_) for id_ in PRICES]}

    def GetProduct(self, request: Any, context: Context) -> Fields:  # noqa: N802
        if request.id not in PRICES:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no product with ID {request.id}")
        return _product(request.id)

    def SearchProducts(self, request: Any, _: Context) -> Fields:  # noqa: N802
        found = [id_ for id_, (name, *_) in PRICES.items() if request.query.lower() in name.lower()]
        return {"results": [_product(id_) for id_ in found]}

    def ListRecommendations(self, request: Any, _: Context) -> Fields:  # noqa: N802
        return {"product_ids": [id_ for id_ in PRICES if id_ not in request.product_ids][:5]}

    def GetAds(self, _: Any, __: Context) -> Fields:  # noqa: N802
        return {"ads": [{"redirect_url": "/product/6E92ZMYYFZ", "text": "Mugs. Buy two, get a third one free."}]}

    def GetSupportedCurrencies(self, _: Any, __: Context) -> Fields:  # noqa: N802
        return {"currency_codes": list(CENTS_PER_EURO)}

    def Convert(self, request: Any, _: Context) -> Fields:  # noqa: N802
        return _converted(getattr(request, "from"), request.to_code)

    def GetQuote(self, request: Any, _: Context) -> Fields:  # noqa: N802
        return {"cost_usd": SHIPPING if request.items else {"currency_code": "USD"}}

    def ShipOrder(self, request: Any, _: Context) -> Fields:  # noqa: N802
        self.shipments.append(request)
        return {"tracking_id": "QX-4711-815"}

    def Charge(self, request: Any, context: Context) -> Fields:  # noqa: N802
        """Refuses a card with the status UNKNOWN, like the original."""
        if request.credit_card.credit_card_number == DECLINED_CARD:
            context.abort(grpc.StatusCode.UNKNOWN, "Credit card info is invalid")
        self.charges.append(request)
        return {"transaction_id": str(uuid.uuid4())}

    def SendOrderConfirmation(self, request: Any, _: Context) -> Fields:  # noqa: N802
        self.confirmations.append(request)
        return {}

    def PlaceOrder(self, request: Any, context: Context) -> Fields:  # noqa: N802
        """Wraps a refused card in an internal error, like the original."""
        if request.credit_card.credit_card_number == DECLINED_CARD:
            context.abort(grpc.StatusCode.INTERNAL, "failed to charge card: Credit card info is invalid")
        self.orders.append(request)
        items = _items(self.carts.pop(request.user_id))
        return {
            "order": {
                "order_id": str(uuid.uuid4()),
                "shipping_tracking_id": "QX-4711-815",
                "shipping_cost": SHIPPING,
                "shipping_address": request.address,
                "items": [{"item": item, "cost": _price(item["product_id"])} for item in items],
            }
        }


def _items(cart: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"product_id": id_, "quantity": quantity} for id_, quantity in cart.items()]


def _price(product_id: str) -> Fields:
    _, units, nanos = PRICES[product_id]
    return {"currency_code": "USD", "units": units, "nanos": nanos}


def _product(product_id: str) -> Fields:
    name = PRICES[product_id][0]
    return {
        "id": product_id,
        "name": name,
        "description": f"The {name.lower()} of another shop.",
        "picture": f"/static/img/products/{name.lower().replace(' ', '-')}.jpg",
        "price_usd": _price(product_id),
        "categories": ["kitchen"],
    }


def _converted(amount: Any, code: str) -> Fields:
    nanos = amount.units * 10**9 + amount.nanos
    nanos = nanos * CENTS_PER_EURO[code] // CENTS_PER_EURO[amount.currency_code]
    return {"currency_code": code, "units": nanos // 10**9, "nanos": nanos % 10**9}
