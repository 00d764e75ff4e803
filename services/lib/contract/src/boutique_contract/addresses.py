"""The rules for the contract's Address, and the two forms of its postal code."""

from boutique_contract import limits
from hipstershop import shop_pb2

# Not every country has states or postal codes.
_REQUIRED = {"street_address": limits.STREET_ADDRESS, "city": limits.CITY, "country": limits.COUNTRY}
_OPTIONAL = {"state": limits.STATE, "postal_code": limits.POSTAL_CODE}


def address_problem(address: shop_pb2.Address, *, complete: bool) -> tuple[str, str] | None:
    """Returns the first field that breaks its rule, such as "address.city", and what is allowed there.

    Args:
        address: The address to check.
        complete: Whether the address must have every required field. A quote may be requested before it is known.
    """
    for field, rule in (_REQUIRED | _OPTIONAL).items():
        text = getattr(address, field)
        must_check = text or (complete and field in _REQUIRED)
        if must_check and (problem := rule.problem(text)):
            return f"address.{field}", problem
    if problem := limits.ZIP_CODE.problem(address.zip_code):
        return "address.zip_code", problem
    return None


def set_postal_code(address: shop_pb2.Address, postal_code: str) -> None:
    """Sets the postal code as written and, for services of Online Boutique, as a number; 0 if it is not one."""
    number = int(postal_code) if postal_code.isascii() and postal_code.isdecimal() else 0
    address.postal_code = postal_code
    address.zip_code = number if limits.ZIP_CODE.accepts(number) else 0


def postal_code_of(address: shop_pb2.Address) -> str:
    """Returns the postal code as written, or the number of a client that sends only that; empty if there is none."""
    return address.postal_code or str(address.zip_code or "")
