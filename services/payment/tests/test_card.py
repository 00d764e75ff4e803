"""The rules for credit cards, and the messages of refusals."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boutique_payment.card import check_card, has_valid_check_digit
from boutique_runtime.errors import InvalidFieldError, InvalidRequestError

TODAY = date(2026, 11, 30)

payloads = st.text("0123456789", min_size=1, max_size=18)


def with_check_digit(payload: str) -> str:
    return next(payload + digit for digit in "0123456789" if has_valid_check_digit(payload + digit))


def card_type(number: str, *, cvv: int = 672, year: int = 2030, month: int = 1) -> str:
    return check_card(number=number, cvv=cvv, expiration_year=year, expiration_month=month, today=TODAY)


@given(payloads)
def test_exactly_one_check_digit_of_ten_is_valid(payload: str) -> None:
    assert sum(has_valid_check_digit(payload + digit) for digit in "0123456789") == 1


@given(payloads, st.data())
def test_one_wrong_digit_is_detected(payload: str, data: st.DataObject) -> None:
    number = with_check_digit(payload)
    position = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[position]))
    assert not has_valid_check_digit(number[:position] + wrong + number[position + 1 :])


@given(st.integers(0, 9999).map("{:04}".format), st.text("0123456789", min_size=11, max_size=11))
def test_only_visa_and_mastercard_with_sixteen_digits_are_accepted(prefix: str, rest: str) -> None:
    number = with_check_digit(prefix + rest)
    if prefix.startswith("4"):
        assert card_type(number) == "VISA"
    elif 51 <= int(prefix[:2]) <= 55 or 2221 <= int(prefix) <= 2720:
        assert card_type(number) == "MasterCard"
    else:
        with pytest.raises(InvalidRequestError):
            card_type(number)


@pytest.mark.parametrize("prefix", ["2221", "2720", "5100", "5599"])
def test_the_ranges_of_mastercard_include_both_ends(prefix: str) -> None:
    assert card_type(with_check_digit(f"{prefix}00000000000")) == "MasterCard"


@pytest.mark.parametrize("prefix", ["2220", "2721", "1234", "9999"])
def test_a_number_of_an_unknown_type_is_invalid(prefix: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^Credit card info is invalid$"):
        card_type(with_check_digit(f"{prefix}00000000000"))


@pytest.mark.parametrize("number", ["4432-8015-6152-0454", "4432 8015 6152 0454", "4432801561520454"])
def test_spaces_and_dashes_are_allowed(number: str) -> None:
    assert card_type(number) == "VISA"


@pytest.mark.parametrize(
    ("number", "refused_type"),
    [
        ("378282246310005", "American Express"),
        ("6011111111111117", "Discover"),
        ("30569309025904", "Diners Club"),
        ("3530111333300000", "JCB"),
        ("6759649826438453", "Maestro"),
        ("6200000000000005", "UnionPay"),
    ],
)
def test_a_card_of_another_type_is_refused_with_the_name_of_the_type(number: str, refused_type: str) -> None:
    words = f"Sorry, we cannot process {refused_type} credit cards. Only VISA or MasterCard is accepted."
    with pytest.raises(InvalidRequestError) as refusal:
        card_type(number)
    assert str(refusal.value) == words


@pytest.mark.parametrize(
    "number",
    [
        "",
        "4432801561520455",
        "4222222222222",
        with_check_digit("443280156152045412"),
        "4432_8015_6152_0454",
        "4432801561520454x",
        "\uff14432801561520454",
        "4" * 10_000,
        " - " * 10,
    ],
)
def test_anything_but_a_card_number_is_invalid(number: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^Credit card info is invalid$"):
        card_type(number)


@pytest.mark.parametrize(("year", "month"), [(2026, 11), (2026, 12), (2027, 1)])
def test_a_card_is_valid_until_the_end_of_its_month(year: int, month: int) -> None:
    assert card_type("4432801561520454", year=year, month=month) == "VISA"


@pytest.mark.parametrize(("year", "month"), [(2026, 10), (2026, 1), (2025, 12)])
def test_an_expired_card_is_refused_with_its_last_four_digits_and_its_month(year: int, month: int) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        card_type("4432 8015 6152 0454", year=year, month=month)
    assert str(refusal.value) == f"Your credit card (ending 0454) expired on {month}/{year}"


@pytest.mark.parametrize("cvv", [0, 7, 672, 9999])
def test_a_cvv_may_begin_with_zeros(cvv: int) -> None:
    assert card_type("4432801561520454", cvv=cvv) == "VISA"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cvv", -1),
        ("cvv", 10_000),
        ("month", 0),
        ("month", 13),
        ("month", -1),
        ("year", 30),
        ("year", 0),
        ("year", 10_000),
    ],
)
def test_a_field_out_of_range_is_refused_with_its_name(field: str, value: int) -> None:
    with pytest.raises(InvalidFieldError) as refusal:
        card_type("4432801561520454", **{field: value})
    assert refusal.value.field.startswith("credit_card.credit_card_")
    assert refusal.value.field.endswith(field)
