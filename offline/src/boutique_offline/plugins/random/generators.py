"""Generates the random values of each type that is covered.

Names, defaults and alphabets are those of the official `random` provider.
"""

import base64
import secrets
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from boutique_offline.plugins.properties import Secret
from boutique_offline.plugins.serving import PluginError

Inputs = dict[str, Any]

_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_MAX_LENGTH: Final = 4096


@dataclass(frozen=True)
class Generated:
    """The id of a value, and its outputs besides the inputs."""

    id: str
    outputs: Inputs


@dataclass(frozen=True)
class Generator:
    """How to generate values of a type. `check` raises PluginError with the input's name and what is allowed."""

    check: Callable[[Inputs], None]
    generate: Callable[[Inputs], Generated]
    outputs: tuple[str, ...] = ("result",)


def _check_text(inputs: Inputs) -> None:
    length = _whole_number(inputs, "length", lowest=1)
    classes = _classes(inputs)
    if not any(alphabet for alphabet, _ in classes):
        raise PluginError("at least one of lower, upper, numeric and special must be allowed")
    if sum(least for _, least in classes) > length:
        raise PluginError("length must be at least the sum of minLower, minUpper, minNumeric and minSpecial")


def _classes(inputs: Inputs) -> list[tuple[str, int]]:
    """Returns for each class of characters those that are allowed, and the minimum number of them."""
    special = inputs.get("overrideSpecial") or _SPECIAL
    # `number` is the old name of `numeric`.
    numeric = inputs.get("numeric", inputs.get("number", True))
    allowed = {"Lower": inputs.get("lower", True), "Upper": inputs.get("upper", True)}
    allowed |= {"Numeric": numeric, "Special": inputs.get("special", True)}
    alphabets = {"Lower": string.ascii_lowercase, "Upper": string.ascii_uppercase}
    alphabets |= {"Numeric": string.digits, "Special": special}
    return [
        (alphabets[name] if allowed[name] else "", _whole_number(inputs, f"min{name}", lowest=0)) for name in alphabets
    ]


def _text(inputs: Inputs) -> str:
    classes = _classes(inputs)
    characters = [secrets.choice(alphabet) for alphabet, least in classes if alphabet for _ in range(least)]
    everything = "".join(alphabet for alphabet, _ in classes)
    characters += [secrets.choice(everything) for _ in range(inputs["length"] - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def _generate_password(inputs: Inputs) -> Generated:
    return Generated("none", {"result": Secret(_text(inputs))})


def _generate_string(inputs: Inputs) -> Generated:
    text = _text(inputs)
    return Generated(text, {"result": text})


def _check_id(inputs: Inputs) -> None:
    _whole_number(inputs, "byteLength", lowest=1)


def _generate_id(inputs: Inputs) -> Generated:
    value, prefix = secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(value).decode().rstrip("=")
    outputs = {
        "b64Std": prefix + base64.b64encode(value).decode(),
        "b64Url": prefix + url,
        "dec": prefix + str(int.from_bytes(value)),
        "hex": prefix + value.hex(),
    }
    return Generated(url, outputs)


def _generate_uuid(_: Inputs) -> Generated:
    value = str(uuid.uuid4())
    return Generated(value, {"result": value})


def _whole_number(inputs: Inputs, name: str, *, lowest: int) -> int:
    value = inputs.get(name, 0)
    if not isinstance(value, int) or not lowest <= value <= _MAX_LENGTH:
        raise PluginError(f"{name} must be a whole number from {lowest} to {_MAX_LENGTH}, not {value!r}")
    return value


GENERATORS: Final = {
    "random:index/randomPassword:RandomPassword": Generator(_check_text, _generate_password),
    "random:index/randomString:RandomString": Generator(_check_text, _generate_string),
    "random:index/randomId:RandomId": Generator(_check_id, _generate_id, ("b64Std", "b64Url", "dec", "hex")),
    "random:index/randomUuid:RandomUuid": Generator(lambda _: None, _generate_uuid),
}
