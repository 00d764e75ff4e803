"""The address that an order is shipped to."""

from pydantic import Field

from boutique_api_gateway.messages import RequestModel
from boutique_contract.addresses import set_postal_code
from boutique_contract.pydantic_types import City, Country, PostalCodeOrEmpty, State, StreetLine1, StreetLine2
from hipstershop import shop_pb2


class Address(RequestModel):
    """A postal address in any country."""

    street_1: StreetLine1 = Field(examples=["12 Analytical Row"])
    street_2: StreetLine2 = ""
    city: City = Field(examples=["London"])
    state: State = ""
    postal_code: PostalCodeOrEmpty = Field(
        description="Empty for countries without postal codes.", examples=["SW1A 1AA"]
    )
    country: Country = Field(examples=["United Kingdom"])


def to_wire(address: Address) -> shop_pb2.Address:
    """Returns the contract's message, which has one line for the street."""
    message = shop_pb2.Address(
        street_address=", ".join(filter(None, (address.street_1, address.street_2))),
        city=address.city,
        state=address.state,
        country=address.country,
    )
    set_postal_code(message, address.postal_code)
    return message
