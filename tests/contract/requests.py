"""Valid requests and a valid form for every shop that implements the contract, and functions that change them."""

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
"""The form that the storefront's checkout receives."""


def new_user() -> str:
    return str(uuid.uuid4())


def valid(method: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**VALID[method], **changes})


def with_field(method: str, field: str, value: Any) -> dict[str, Any]:
    """Returns the valid request with another value in one field.

    Args:
        method: The method that takes the request.
        field: The field as error messages name it, such as `items[0].quantity`.
        value: The value of the field.
    """
    fields = valid(method)
    *path, last = [int(part) if part.isdecimal() else part for part in re.findall(r"\w+", field)]
    holder: Any = fields
    for part in path:
        holder = holder[part]
    holder[last] = value
    return fields


def with_text(fields: Any, text: str) -> Any:
    """Returns the request with every string replaced."""
    match fields:
        case str():
            return text
        case list():
            return [with_text(value, text) for value in fields]
        case Mapping():
            return {name: with_text(value, text) for name, value in fields.items()}
    return fields
