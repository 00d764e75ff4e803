"""Each rule accepts what the shop's clients send and refuses what no service could use."""

import json

import pytest
from pydantic import BaseModel, ValidationError

from boutique_contract import limits
from boutique_contract.addresses import postal_code_of, set_postal_code
from boutique_contract.pydantic_types import CardExpiration, EmailAddressOrEmpty
from boutique_contract.rules import TextRule
from hipstershop import shop_pb2

_ACCEPTED = [
    (limits.IDENTIFIER, "OLJCESPC7Z"),
    (limits.IDENTIFIER, "6f1c4b5e-0000-4000-8000-0123456789ab"),
    (limits.IDENTIFIER, "a" * 128),
    (limits.IDEMPOTENCY_KEY, "k"),
    (limits.EMAIL_ADDRESS, "ada@example.com"),
    (limits.EMAIL_ADDRESS, "ada.o'hara+shop@mail.example.co.uk"),
    (limits.EMAIL_ADDRESS, f"{'a' * 64}@example.com"),
    (limits.STREET_ADDRESS, "Größe Straße 12, 東京"),
    (limits.STREET_ADDRESS, "a" * 512),
    (limits.STREET_ADDRESS, "\U0001f3e0 12"),
    (limits.STATE, ""),
    (limits.POSTAL_CODE, "94043"),
    (limits.POSTAL_CODE, "SW1A 1AA"),
    (limits.POSTAL_CODE, "1000-001"),
    (limits.CARD_NUMBER, "4432-8015-6152-0454"),
    (limits.CARD_NUMBER, "4432 8015 6152 0454"),
    (limits.CARD_EXPIRATION, "12/39"),
    (limits.SECURITY_CODE, "007"),
    (limits.CURRENCY_CODE, "USD"),
]

_REFUSED = [
    (limits.IDENTIFIER, ""),
    (limits.IDENTIFIER, "a" * 129),
    (limits.IDENTIFIER, "a b"),
    (limits.IDENTIFIER, "a\n"),
    (limits.IDENTIFIER, "é"),
    (limits.EMAIL_ADDRESS, ""),
    (limits.EMAIL_ADDRESS, "ada"),
    (limits.EMAIL_ADDRESS, "ada@localhost"),
    (limits.EMAIL_ADDRESS, "ada@example.com\nBcc: all@example.com"),
    (limits.EMAIL_ADDRESS, "ada..b@example.com"),
    (limits.EMAIL_ADDRESS, "ada@-example.com"),
    (limits.EMAIL_ADDRESS, f"{'a' * 65}@example.com"),
    (limits.EMAIL_ADDRESS, f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.com"),
    (limits.CITY, ""),
    (limits.CITY, " \u00a0 "),
    (limits.CITY, "Lon\ndon"),
    (limits.CITY, "Lon\u202edon"),
    (limits.CITY, "Lon\ud800don"),
    (limits.CITY, "a" * 129),
    (limits.POSTAL_CODE, ""),
    (limits.POSTAL_CODE, " "),
    (limits.POSTAL_CODE, "10_115"),
    (limits.POSTAL_CODE, "1" * 17),
    (limits.CARD_NUMBER, "4432"),
    (limits.CARD_NUMBER, "4" * 20),
    (limits.CARD_NUMBER, "4432x8015x6152x0454"),
    (limits.CARD_EXPIRATION, "13/39"),
    (limits.SECURITY_CODE, "12"),
    (limits.CURRENCY_CODE, "usd"),
]


@pytest.mark.parametrize(("rule", "text"), _ACCEPTED)
def test_a_rule_accepts(rule: TextRule, text: str) -> None:
    assert rule.problem(text) is None


@pytest.mark.parametrize(("rule", "text"), _REFUSED)
def test_a_rule_refuses_with_its_message(rule: TextRule, text: str) -> None:
    assert rule.problem(text) == rule.message


def test_both_street_lines_fit_the_street_address_of_the_contract() -> None:
    lines = "a" * limits.STREET_LINE_1.maximum_length, "b" * limits.STREET_LINE_2.maximum_length
    assert limits.STREET_ADDRESS.accepts(", ".join(lines))


@pytest.mark.parametrize(
    ("quantity", "accepted"), [("1", True), ("10", True), ("0", False), ("11", False), ("1.5", False), ("²", False)]
)
def test_a_quantity_is_read_from_text(quantity: str, accepted: bool) -> None:
    assert limits.ADDED_QUANTITY.accepts_text(quantity) is accepted


def test_a_pydantic_model_refuses_with_the_rules_message() -> None:
    class Order(BaseModel):
        email: EmailAddressOrEmpty

    assert Order(email="").email == ""
    with pytest.raises(ValidationError) as refused:
        Order(email="ada")
    assert [error["msg"] for error in refused.value.errors()] == [limits.EMAIL_ADDRESS.message]


def test_a_pydantic_models_schema_states_the_rule() -> None:
    class Card(BaseModel):
        expiration: CardExpiration

    schema = Card.model_json_schema()["properties"]["expiration"]
    assert schema["pattern"] == f"^{limits.CARD_EXPIRATION.pattern}$"
    assert schema["maxLength"] == 5


def test_the_table_has_every_rule_and_can_be_written_as_json() -> None:
    table = json.loads(json.dumps(limits.table()))
    assert table["ADDED_QUANTITY"] == {
        "minimum": 1,
        "maximum": 10,
        "message": "must be a whole number from 1 to 10",
    }
    assert table["POSTAL_CODE"]["pattern"] == limits.POSTAL_CODE.pattern


@pytest.mark.parametrize(
    ("postal_code", "number"), [("94043", 94043), ("01234", 1234), ("SW1A 1AA", 0), ("99999999999", 0), ("", 0)]
)
def test_a_postal_code_is_kept_as_written_and_sent_as_a_number_where_it_is_one(postal_code: str, number: int) -> None:
    address = shop_pb2.Address()
    set_postal_code(address, postal_code)
    assert (address.postal_code, address.zip_code) == (postal_code, number)
    assert postal_code_of(address) == postal_code


def test_the_number_of_an_online_boutique_client_is_read_as_a_postal_code() -> None:
    assert postal_code_of(shop_pb2.Address(zip_code=94043)) == "94043"
