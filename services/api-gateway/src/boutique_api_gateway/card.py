"""What is on a credit card, and how its refusal is said."""

from typing import Annotated

from pydantic import Field, StringConstraints

from boutique_api_gateway.messages import Given
from hipstershop import shop_pb2

INVALID_NUMBER = "Invalid card number"
"""The contract's words."""

_INVALID_NUMBER_OF_PAYMENT = "Credit card info is invalid"


class Card(Given):
    name: Annotated[str, StringConstraints(max_length=256)] = Field(default="", examples=["Ada Lovelace"])
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]([ -]?[0-9]){11,18}$")] = Field(
        repr=False, examples=["4432-8015-6152-0454"]
    )
    expiration: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])/[0-9]{2}$")] = Field(
        description="Its last month, as MM/YY.", examples=["01/39"]
    )
    security_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{3,4}$")] = Field(repr=False, examples=["672"])
    postal_code: Annotated[str, StringConstraints(max_length=16)] = ""


def to_wire(card: Card) -> shop_pb2.CreditCardInfo:
    month, _, year = card.expiration.partition("/")
    return shop_pb2.CreditCardInfo(
        credit_card_number=card.number,
        credit_card_cvv=int(card.security_code),
        credit_card_expiration_month=int(month),
        credit_card_expiration_year=2000 + int(year),
    )


def refusal(details: str) -> str:
    """What a client reads where payment, or checkout in its words, refused with these details."""
    return INVALID_NUMBER if _INVALID_NUMBER_OF_PAYMENT in details else details
