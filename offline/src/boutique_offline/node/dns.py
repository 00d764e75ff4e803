"""Queries a name server as a pod would. Source of the messages: RFC 1035, section 4.1."""

import socket
import struct
from typing import Final

_PORT: Final = 53
_TIMEOUT: Final = 0.5
_ID: Final = 0xB007
_RECURSION_DESIRED: Final = 0x0100
_ERROR: Final = 0x000F
_ADDRESS_RECORD, _INTERNET = 1, 1


def resolves(server: str, name: str) -> bool:
    """Returns whether the name server at this address resolves the name in time."""
    header = struct.pack("!6H", _ID, _RECURSION_DESIRED, 1, 0, 0, 0)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack("!2H", _ADDRESS_RECORD, _INTERNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(_TIMEOUT)
        try:
            connection.connect((server, _PORT))
            connection.send(header + question)
            response = connection.recv(512)
        except OSError:
            return False
    identifier, flags, _, records, _, _ = struct.unpack_from("!6H", response)
    return bool(identifier == _ID and flags & _ERROR == 0 and records > 0)
