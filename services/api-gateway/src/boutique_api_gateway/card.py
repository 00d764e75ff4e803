"""The credit card, and the reason of its refusal."""

from pydantic import Field

from boutique_api_gateway.messages import RequestModel
from boutique_contract.pydantic_types import CardExpiration, CardName, CardNumber, PostalCodeOrEmpty, SecurityCode
from hipstershop import shop_pb2

INVALID_NUMBER = "Invalid card number"
"""Fixed by the contract."""

_PAYMENT_INVALID_NUMBER = "Credit card info is invalid"


class Card(RequestModel):
    """A credit card. Only the number, the expiration and the security code are passed on."""

    name: CardName = Field(default="", examples=["Ada Lovelace"])
    number: CardNumber = Field(repr=False, examples=["4432-8015-6152-0454"])
    expiration: CardExpiration = Field(description="Last valid month, as MM/YY.", examples=["01/39"])
    security_code: SecurityCode = Field(repr=False, examples=["672"])
    postal_code: PostalCodeOrEmpty = ""


def to_wire(card: Card) -> shop_pb2.CreditCardInfo:
    """Returns the contract's message, which has neither the holder's name nor the postal code."""
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
