"""The rules for values that people and clients send. Each is written here once, for every service and storefront."""

from collections.abc import Mapping
from dataclasses import asdict

from boutique_contract.rules import IntegerRule, TextRule, from_to, text_of

IDENTIFIER = TextRule(r"[A-Za-z0-9._:-]+", 128, "must be 1 to 128 letters, digits, or any of . _ : -")
"""The id of a user, a session, a product, an order, or a transaction."""

IDEMPOTENCY_KEY = IDENTIFIER

CURRENCY_CODE = TextRule(r"[A-Z]{3}", 3, "must be an ISO 4217 code, such as USD")

# RFC 5322's dot-atom at a host name of two or more labels. Confirmations go out by SMTP, so it is ASCII.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_ADDRESS = TextRule(
    rf"(?![^@]{{65}}){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+",
    254,
    "must be an e-mail address, such as ada@example.com",
)

STREET_ADDRESS = text_of(512)
STREET_LINE_1 = text_of(256)
STREET_LINE_2 = text_of(254, required=False)
"""Both lines, joined by ", ", fit into STREET_ADDRESS."""
CITY = text_of(128)
STATE = text_of(128, required=False)
COUNTRY = text_of(128)
POSTAL_CODE = TextRule(
    r"[A-Za-z0-9][A-Za-z0-9 -]*", 16, "must be 1 to 16 letters, digits, spaces, or dashes, such as 94043 or SW1A 1AA"
)

ZIP_CODE = IntegerRule(0, 2**31 - 1, "must not be negative")
"""A postal code as Online Boutique sends it; 0 if there is none."""

CARD_NAME = text_of(256, required=False)
CARD_NUMBER = TextRule(r"[0-9](?:[ -]*[0-9]){11,18}", 64, "must be 12 to 19 digits")
"""Spaces and dashes may separate the digits."""
CARD_EXPIRATION = TextRule(r"(?:0[1-9]|1[0-2])/[0-9]{2}", 5, "must be a month and a year as MM/YY, such as 01/39")
EXPIRATION_MONTH = from_to(1, 12)
EXPIRATION_YEAR = IntegerRule(1000, 9999, "must be a year of four digits")
SECURITY_CODE = TextRule(r"[0-9]{3,4}", 4, "must be 3 or 4 digits")
SECURITY_CODE_NUMBER = IntegerRule(0, 9999, SECURITY_CODE.message)
"""SECURITY_CODE as the services exchange it: 007 is sent as 7."""

ADDED_QUANTITY = from_to(1, 10)
CART_QUANTITY = from_to(0, 99)
"""The quantity of one product in a cart; 0 removes it."""
ORDERED_QUANTITY = from_to(1, 10_000)
"""The quantity of one product in an order: above CART_QUANTITY, since Online Boutique's carts have no limit."""
MAXIMUM_CART_PRODUCTS = 100

SEARCH_QUERY = text_of(256, required=False)


def table() -> Mapping[str, Mapping[str, str | int]]:
    """Returns every rule by name, ready for JSON, for programs in other languages."""
    rules = {name: value for name, value in globals().items() if isinstance(value, (TextRule, IntegerRule))}
    return {name: asdict(rule) for name, rule in rules.items()}
