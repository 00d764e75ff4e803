"""Both forms of a postal code in the contract's Address."""

from hipstershop import shop_pb2

_MAXIMUM_INT32 = 2**31 - 1


def set_postal_code(address: shop_pb2.Address, postal_code: str) -> None:
    """Sets the postal code as written and, for services of Online Boutique, as a number; 0 if it is not one."""
    number = int(postal_code) if postal_code.isascii() and postal_code.isdecimal() else 0
    address.postal_code = postal_code
    address.zip_code = number if number <= _MAXIMUM_INT32 else 0


def postal_code_of(address: shop_pb2.Address) -> str:
    """Returns the postal code as written, or the number of a client that sends only that; empty if there is none."""
    return address.postal_code or str(address.zip_code or "")
