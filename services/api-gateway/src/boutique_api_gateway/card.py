"""The credit card, and the reason of its refusal."""

from typing import Annotated

from pydantic import Field, StringConstraints

from boutique_api_gateway.messages import RequestModel
from hipstershop import shop_pb2

INVALID_NUMBER = "Invalid card number"
"""Fixed by the contract."""

_PAYMENT_INVALID_NUMBER = "Credit card info is invalid"


class Card(RequestModel):
    name: Annotated[str, StringConstraints(max_length=256)] = Field(default="", examples=["Ada Lovelace"])
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]([ -]?[0-9]){11,18}$")] = Field(
        repr=False, examples=["4432-8015-6152-0454"]
    )
    expiration: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])/[0-9]{2}$")] = Field(
        description="Last valid month, as MM/YY.", examples=["01/39"]
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
    """Returns the reason that clients see when payment, or checkout on its behalf, refused with these details."""
    return INVALID_NUMBER if _PAYMENT_INVALID_NUMBER in details else details
