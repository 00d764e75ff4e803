"""Requests and a form that every shop of the contract takes, and how to spoil them."""

import copy
import re
import uuid
from collections.abc import Mapping
from typing import Any

CARD = {
    "credit_card_number": "4432-8015-6152-0454",
    "credit_card_cvv": 672,
    "credit_card_expiration_year": 2039,
    "credit_card_expiration_month": 1,
}
ADDRESS = {
    "street_address": "1600 Amphitheatre Parkway",
    "city": "Mountain View",
    "state": "CA",
    "country": "United States",
    "zip_code": 94043,
}
ITEM = {"product_id": "OLJCESPC7Z", "quantity": 2}
PRICE = {"currency_code": "USD", "units": 19, "nanos": 990_000_000}

VALID: Mapping[str, Mapping[str, Any]] = {
    "AddItem": {"user_id": "ada", "item": ITEM},
    "GetCart": {"user_id": "ada"},
    "EmptyCart": {"user_id": "ada"},
    "ListRecommendations": {"user_id": "ada", "product_ids": ["OLJCESPC7Z"]},
    "ListProducts": {},
    "GetProduct": {"id": "OLJCESPC7Z"},
    "SearchProducts": {"query": "mug"},
    "GetQuote": {"address": ADDRESS, "items": [ITEM]},
    "ShipOrder": {"address": ADDRESS, "items": [ITEM]},
    "GetSupportedCurrencies": {},
    "Convert": {"from": PRICE, "to_code": "EUR"},
    "Charge": {"amount": PRICE, "credit_card": CARD},
    "SendOrderConfirmation": {
        "email": "ada@example.com",
        "order": {
            "order_id": "3a5c5e1e-9d0e-4b86-9a2f-3f1d3f6c1c11",
            "shipping_tracking_id": "AB-12345-123456789",
            "shipping_cost": {"currency_code": "USD", "units": 8, "nanos": 990_000_000},
            "shipping_address": ADDRESS,
            "items": [{"item": ITEM, "cost": PRICE}],
        },
    },
    "PlaceOrder": {
        "user_id": "ada",
        "user_currency": "USD",
        "address": ADDRESS,
        "email": "ada@example.com",
        "credit_card": CARD,
    },
    "GetAds": {"context_keys": ["kitchen"]},
}

ORDER_FORM = {
    "email": "ada@example.com",
    "street_address": "1600 Amphitheatre Parkway",
    "zip_code": "94043",
    "city": "Mountain View",
    "state": "CA",
    "country": "United States",
    "credit_card_number": "4432-8015-6152-0454",
    "credit_card_expiration_month": "1",
    "credit_card_expiration_year": "2039",
    "credit_card_cvv": "672",
}
"""What the storefront's checkout is sent."""


def new_user() -> str:
    return str(uuid.uuid4())


def valid(method: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**VALID[method], **changes})


def spoilt(method: str, field: str, value: Any) -> dict[str, Any]:
    """The valid request with one field changed, which is named as in an answer, such as `items[0].quantity`."""
    fields = valid(method)
    *way, last = [int(part) if part.isdecimal() else part for part in re.findall(r"\w+", field)]
    holder: Any = fields
    for part in way:
        holder = holder[part]
    holder[last] = value
    return fields


def with_text(fields: Any, text: str) -> Any:
    """The request with every text in it replaced."""
    match fields:
        case str():
            return text
        case list():
            return [with_text(value, text) for value in fields]
        case Mapping():
            return {name: with_text(value, text) for name, value in fields.items()}
    return fields
