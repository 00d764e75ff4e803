"""The storefront's forms, and how its pages are recognized whatever their texts."""

import random
import re
import uuid
from datetime import UTC, datetime

CURRENCIES = ("USD", "EUR", "CAD", "JPY", "GBP", "TRY")
CHECKOUT = "/cart/checkout"
TEST_CARD = "4432-8015-6152-0454"
_ADDRESSES = (
    {"street_address": "1600 Amphitheatre Parkway", "zip_code": "94043", "city": "Mountain View", "state": "CA"},
    {"street_address": "350 Fifth Avenue", "zip_code": "10118", "city": "New York", "state": "NY"},
    {"street_address": "233 South Wacker Drive", "zip_code": "60606", "city": "Chicago", "state": "IL"},
)

A_PRODUCT = re.compile(r"/product/([A-Za-z0-9]+)")
CART = re.compile(r"\bcart\b", re.IGNORECASE)
# Every storefront shows the order's id before its tracking id. Pages may have other ids as well.
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ORDER = re.compile(rf"({_UUID})(?:(?!{_UUID}).){{1,1000}}?\b([A-Z]{{2}}-\d+-\d+)\b", re.DOTALL)


def order_form(chance: random.Random) -> dict[str, str]:
    """Returns a valid checkout form, with one of several addresses."""
    return {
        **chance.choice(_ADDRESSES),
        "email": f"shopper-{uuid.uuid4().hex}@example.com",
        "country": "United States",
        "credit_card_number": TEST_CARD,
        "credit_card_expiration_month": str(chance.randint(1, 12)),
        "credit_card_expiration_year": str(datetime.now(UTC).year + chance.randint(1, 10)),
        "credit_card_cvv": str(chance.randint(100, 999)),
    }
