"""Reads the checkout form, and finds the field that a refusal belongs to."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from boutique_contract import limits
from boutique_contract.addresses import set_postal_code
from boutique_contract.rules import IntegerRule
from boutique_frontend.forms import Form, InvalidFormError
from hipstershop import shop_pb2

_CARD_SEPARATORS = str.maketrans("", "", " -")

_CARD_REFUSAL = re.compile(
    r"Credit card info is invalid"
    r"|Sorry, we cannot process [\w ]+ credit cards\. Only VISA or MasterCard is accepted\."
    r"|Your credit card \(ending [0-9]{4}\) expired on [0-9]{1,2}/[0-9]{4}"
)

IDEMPOTENCY_FIELD = "idempotency_key"

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
    """The content of a valid checkout form."""

    email: str
    address: shop_pb2.Address
    credit_card: shop_pb2.CreditCardInfo


def read_checkout(form: Form) -> CheckoutDetails:
    """Raises InvalidFormError with all invalid fields."""
    values = {name: form.get(name, "").strip() for name in _CHECKS}
    problems = {name: problem for name, check in _CHECKS.items() if (problem := check(values[name]))}
    if problems:
        raise InvalidFormError(problems)
    address = shop_pb2.Address(
        street_address=values["street_address"], city=values["city"], state=values["state"], country=values["country"]
    )
    set_postal_code(address, values["zip_code"])
    return CheckoutDetails(
        email=values["email"],
        address=address,
        credit_card=shop_pb2.CreditCardInfo(
            credit_card_number=values["credit_card_number"].translate(_CARD_SEPARATORS),
            credit_card_cvv=int(values["credit_card_cvv"]),
            credit_card_expiration_month=int(values["credit_card_expiration_month"]),
            credit_card_expiration_year=int(values["credit_card_expiration_year"]),
        ),
    )


def read_idempotency_key(form: Form) -> str | None:
    """Returns the form's key, or None if it is missing or invalid."""
    key = form.get(IDEMPOTENCY_FIELD, "")
    return key if limits.IDEMPOTENCY_KEY.accepts(key) else None


def card_refusal(reason: str) -> str | None:
    """Returns the contract's message for a refused card, or None for other reasons.

    Online Boutique's own checkout service wraps the message in one that reports an internal error.
    """
    found = _CARD_REFUSAL.search(reason)
    return found[0] if found else None


def locate_refusal(reason: str) -> dict[str, str]:
    """Returns the checkout service's message by form field, or by an empty name if it is about no field.

    Services begin their message with the field, as in `address.postal_code: …`. The form has the field names of Online
    Boutique, such as `zip_code`.
    """
    field, separator, allowed = reason.partition(": ")
    name = field.rpartition(".")[2]
    if name == "postal_code":
        name = "zip_code"
    return {name: allowed} if separator and name in _CHECKS else {"": reason}


def _number(rule: IntegerRule) -> Callable[[str], str | None]:
    return lambda text: None if rule.accepts_text(text) else rule.message


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "email": limits.EMAIL_ADDRESS.problem,
    "street_address": limits.STREET_ADDRESS.problem,
    "city": limits.CITY.problem,
    "state": limits.STATE.problem,
    "zip_code": limits.POSTAL_CODE.problem,
    "country": limits.COUNTRY.problem,
    "credit_card_number": limits.CARD_NUMBER.problem,
    "credit_card_expiration_month": _number(limits.EXPIRATION_MONTH),
    "credit_card_expiration_year": _number(limits.EXPIRATION_YEAR),
    "credit_card_cvv": limits.SECURITY_CODE.problem,
}
