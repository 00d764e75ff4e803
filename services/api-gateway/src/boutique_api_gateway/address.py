"""The address that an order is shipped to."""

from typing import Annotated

from pydantic import Field, StringConstraints

from boutique_api_gateway.messages import RequestModel
from hipstershop import shop_pb2

_MAXIMUM_ZIP_CODE = 2**31 - 1

# No control characters; required fields have a visible character.
_OPTIONAL = r"^[^\x00-\x1f\x7f]*$"
_REQUIRED = r"^[^\x00-\x1f\x7f]*[!-~\u00a1-\uffff][^\x00-\x1f\x7f]*$"


class Address(RequestModel):
    street_1: Annotated[str, StringConstraints(max_length=256, pattern=_REQUIRED)] = Field(
        examples=["12 Analytical Row"]
    )
    street_2: Annotated[str, StringConstraints(max_length=254, pattern=_OPTIONAL)] = ""
    city: Annotated[str, StringConstraints(max_length=128, pattern=_REQUIRED)] = Field(examples=["London"])
    state: Annotated[str, StringConstraints(max_length=128, pattern=_OPTIONAL)] = ""
    postal_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 -]{0,16}$")] = Field(
        description="Empty for countries without postal codes.", examples=["SW1A 1AA"]
    )
    country: Annotated[str, StringConstraints(max_length=128, pattern=_REQUIRED)] = Field(examples=["United Kingdom"])


def to_wire(address: Address) -> shop_pb2.Address:
    return shop_pb2.Address(
        street_address=", ".join(filter(None, (address.street_1, address.street_2))),
        city=address.city,
        state=address.state,
        country=address.country,
        zip_code=_zip_code(address.postal_code),
        postal_code=address.postal_code,
    )


def _zip_code(postal_code: str) -> int:
    """Returns the number for services that only know numeric codes, or 0."""
    number = int(postal_code) if postal_code.isdecimal() else 0
    return number if number <= _MAXIMUM_ZIP_CODE else 0
