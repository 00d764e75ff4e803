"""The rules for credit cards. An error contains at most the last four digits of a card's number."""

from datetime import date

from boutique_contract.limits import CARD_NUMBER, EXPIRATION_MONTH, EXPIRATION_YEAR, SECURITY_CODE_NUMBER
from boutique_runtime.errors import InvalidRequestError, check_field

_ACCEPTED = {"VISA", "MasterCard"}
_ACCEPTED_DIGITS = 16
_INVALID = "Credit card info is invalid"

# Ranges of a number's first four digits, both ends included. Source: the networks' ranges under ISO/IEC 7812.
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
    """Returns the type of a card that is accepted and not expired. A card is valid until the end of its month.

    Raises InvalidRequestError with the contract's messages, or InvalidFieldError.
    """
    if not CARD_NUMBER.accepts(number):
        raise InvalidRequestError(_INVALID)
    digits = number.replace(" ", "").replace("-", "")
    card_type = _card_type(digits)
    if card_type not in _ACCEPTED:
        raise InvalidRequestError(
            f"Sorry, we cannot process {card_type} credit cards. Only VISA or MasterCard is accepted."
        )
    if len(digits) != _ACCEPTED_DIGITS:
        raise InvalidRequestError(_INVALID)
    check_field("credit_card.credit_card_cvv", cvv, SECURITY_CODE_NUMBER)
    check_field("credit_card.credit_card_expiration_month", expiration_month, EXPIRATION_MONTH)
    check_field("credit_card.credit_card_expiration_year", expiration_year, EXPIRATION_YEAR)
    if (expiration_year, expiration_month) < (today.year, today.month):
        raise InvalidRequestError(
            f"Your credit card (ending {digits[-4:]}) expired on {expiration_month}/{expiration_year}"
        )
    return card_type


def _card_type(digits: str) -> str:
    if has_valid_check_digit(digits):
        prefix = int(digits[:4])
        for first, last, card_type in _TYPES:
            if first <= prefix <= last:
                return card_type
    raise InvalidRequestError(_INVALID)


def has_valid_check_digit(digits: str) -> bool:
    """Checks the last digit by the Luhn algorithm. Source: ISO/IEC 7812-1, annex B."""
    backwards = [int(digit) for digit in reversed(digits)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in backwards[1::2])
    return (sum(backwards[::2]) + doubled) % 10 == 0
