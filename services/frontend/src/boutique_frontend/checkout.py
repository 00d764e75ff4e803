"""Reads the checkout form, and finds the field that a refusal belongs to."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from boutique_frontend.forms import Form, InvalidFormError, is_number
from hipstershop import shop_pb2

_MAXIMUM_INT32 = 2**31 - 1
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CARD_SEPARATORS = str.maketrans("", "", " -")

_CARD_REFUSAL = re.compile(
    r"Credit card info is invalid"
    r"|Sorry, we cannot process [\w ]+ credit cards\. Only VISA or MasterCard is accepted\."
    r"|Your credit card \(ending [0-9]{4}\) expired on [0-9]{1,2}/[0-9]{4}"
)

IDEMPOTENCY_FIELD = "idempotency_key"
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")

LABELS = {
    "email": "E-mail",
    "street_address": "Street and number",
    "zip_code": "Postal code",
    "city": "City",
    "state": "State or region, if any",
    "country": "Country",
    "credit_card_number": "Card number",
    "credit_card_expiration_month": "Expiry month",
    "credit_card_expiration_year": "Expiry year",
    "credit_card_cvv": "Security code",
}

KEPT_FIELDS = ("email", "street_address", "city", "state", "zip_code", "country")
"""Fields that are filled in again after a refusal. Card fields never are."""


@dataclass(frozen=True, slots=True)
class CheckoutDetails:
    email: str
    address: shop_pb2.Address
    credit_card: shop_pb2.CreditCardInfo


def read_checkout(form: Form) -> CheckoutDetails:
    """Raises InvalidFormError with all invalid fields."""
    values = {name: form.get(name, "").strip() for name in _CHECKS}
    card_number = values["credit_card_number"] = values["credit_card_number"].translate(_CARD_SEPARATORS)
    problems = {name: problem for name, check in _CHECKS.items() if (problem := check(values[name]))}
    if problems:
        raise InvalidFormError(problems)
    return CheckoutDetails(
        email=values["email"],
        address=shop_pb2.Address(
            street_address=values["street_address"],
            city=values["city"],
            state=values["state"],
            country=values["country"],
            zip_code=int(values["zip_code"]),
        ),
        credit_card=shop_pb2.CreditCardInfo(
            credit_card_number=card_number,
            credit_card_cvv=int(values["credit_card_cvv"]),
            credit_card_expiration_month=int(values["credit_card_expiration_month"]),
            credit_card_expiration_year=int(values["credit_card_expiration_year"]),
        ),
    )


def read_idempotency_key(form: Form) -> str | None:
    """Returns the form's key, or None if it is missing or invalid."""
    key = form.get(IDEMPOTENCY_FIELD, "")
    return key if _IDEMPOTENCY_KEY.fullmatch(key) else None


def card_refusal(reason: str) -> str | None:
    """Returns the contract's message for a refused card, or None for other reasons.

    Online Boutique's own checkout service wraps the message in one that reports an internal error.
    """
    found = _CARD_REFUSAL.search(reason)
    return found[0] if found else None


def locate_refusal(reason: str) -> dict[str, str]:
    """Returns the checkout service's message by form field, or by an empty name if it is about no field.

    Services begin their message with the field, as in `address.zip_code: …`.
    """
    field, separator, allowed = reason.partition(": ")
    name = field.rpartition(".")[2]
    return {name: allowed} if separator and name in _CHECKS else {"": reason}


Check = Callable[[str], str | None]


def _text(maximum: int, *, optional: bool = False) -> Check:
    def check(value: str) -> str | None:
        if not value and not optional:
            return "is needed"
        if len(value) > maximum:
            return f"must be at most {maximum} characters"
        return None if value.isprintable() else "must not hold control characters"

    return check


def _number(minimum: int, maximum: int, allowed: str) -> Check:
    return lambda value: None if is_number(value, minimum, maximum) else allowed


def _pattern(pattern: re.Pattern[str], maximum: int, allowed: str) -> Check:
    return lambda value: None if len(value) <= maximum and pattern.fullmatch(value) else allowed


_CHECKS: dict[str, Check] = {
    "email": _pattern(_EMAIL, 254, "must be an e-mail address, such as ada@example.com"),
    "street_address": _text(512),
    "city": _text(128),
    "state": _text(128, optional=True),
    "zip_code": _number(1, _MAXIMUM_INT32, "must be digits alone, such as 94043"),
    "country": _text(128),
    "credit_card_number": _pattern(re.compile(r"[0-9]{12,19}"), 19, "must be 12 to 19 digits"),
    "credit_card_expiration_month": _number(1, 12, "must be 1 to 12"),
    "credit_card_expiration_year": _number(1000, 9999, "must be a year of four digits"),
    "credit_card_cvv": _pattern(re.compile(r"[0-9]{3,4}"), 4, "must be 3 or 4 digits"),
}
