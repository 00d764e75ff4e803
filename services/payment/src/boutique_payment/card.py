"""Which credit cards are accepted. A refusal tells no more of a card's number than its last four digits."""

import re
from datetime import date

from boutique_runtime.errors import InvalidFieldError, InvalidRequestError

_NUMBER = re.compile(r"[0-9]{12,19}")
_ACCEPTED = {"VISA", "MasterCard"}
_ACCEPTED_DIGITS = 16

# By the number's first four digits, both ends included. Source: the networks' ranges under ISO/IEC 7812.
_TYPES = (
    (2221, 2720, "MasterCard"),
    (3000, 3059, "Diners Club"),
    (3400, 3499, "American Express"),
    (3528, 3589, "JCB"),
    (3600, 3699, "Diners Club"),
    (3700, 3799, "American Express"),
    (3800, 3999, "Diners Club"),
    (4000, 4999, "VISA"),
    (5000, 5099, "Maestro"),
    (5100, 5599, "MasterCard"),
    (5600, 5999, "Maestro"),
    (6011, 6011, "Discover"),
    (6200, 6299, "UnionPay"),
    (6300, 6399, "Maestro"),
    (6440, 6599, "Discover"),
    (6700, 6799, "Maestro"),
)


def check_card(*, number: str, cvv: int, expiration_year: int, expiration_month: int, today: date) -> str:
    """The card's type, where it is accepted and, with its month of expiration included, still valid.

    Raises InvalidRequestError in the contract's words, or InvalidFieldError.
    """
    digits = number.replace(" ", "").replace("-", "")
    card_type = _card_type(digits)
    if card_type not in _ACCEPTED:
        raise InvalidRequestError(
            f"Sorry, we cannot process {card_type} credit cards. Only VISA or MasterCard is accepted."
        )
    if len(digits) != _ACCEPTED_DIGITS:
        raise InvalidRequestError("Credit card info is invalid")
    # Sent as a number: a CVV of 007 arrives as 7.
    if not 0 <= cvv <= 9999:
        raise InvalidFieldError("credit_card.credit_card_cvv", "must be 3 or 4 digits")
    if not 1 <= expiration_month <= 12:
        raise InvalidFieldError("credit_card.credit_card_expiration_month", "must be 1 to 12")
    if not 1000 <= expiration_year <= 9999:
        raise InvalidFieldError("credit_card.credit_card_expiration_year", "must be a year of four digits")
    if (expiration_year, expiration_month) < (today.year, today.month):
        raise InvalidRequestError(
            f"Your credit card (ending {digits[-4:]}) expired on {expiration_month}/{expiration_year}"
        )
    return card_type


def _card_type(digits: str) -> str:
    if _NUMBER.fullmatch(digits) and has_valid_check_digit(digits):
        prefix = int(digits[:4])
        for first, last, card_type in _TYPES:
            if first <= prefix <= last:
                return card_type
    raise InvalidRequestError("Credit card info is invalid")


def has_valid_check_digit(digits: str) -> bool:
    """By the Luhn algorithm. Source: ISO/IEC 7812-1, annex B."""
    backwards = [int(digit) for digit in reversed(digits)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in backwards[1::2])
    return (sum(backwards[::2]) + doubled) % 10 == 0
