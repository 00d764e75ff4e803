"""Generates passwords. Names, defaults, and alphabets are those of the official `random` provider."""

import secrets
import string
from typing import Any, Final

from boutique_offline.plugins.serving import PluginError

Inputs = dict[str, Any]

_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_MAX_LENGTH: Final = 4096


def check(inputs: Inputs) -> None:
    """Raises PluginError with the name of an invalid input and what is allowed."""
    length = _whole_number(inputs, "length", lowest=1)
    classes = _classes(inputs)
    if not any(alphabet for alphabet, _ in classes):
        raise PluginError("at least one of lower, upper, numeric and special must be allowed")
    if sum(least for _, least in classes) > length:
        raise PluginError("length must be at least the sum of minLower, minUpper, minNumeric and minSpecial")


def generate(inputs: Inputs) -> str:
    """Returns a new password for valid inputs."""
    classes = _classes(inputs)
    characters = [secrets.choice(alphabet) for alphabet, least in classes if alphabet for _ in range(least)]
    everything = "".join(alphabet for alphabet, _ in classes)
    characters += [secrets.choice(everything) for _ in range(inputs["length"] - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def _classes(inputs: Inputs) -> list[tuple[str, int]]:
    """Returns the allowed characters of each class, and the minimum number of them."""
    # `number` is the old name of `numeric`.
    numeric = inputs.get("numeric", inputs.get("number", True))
    classes = {
        "Lower": (inputs.get("lower", True), string.ascii_lowercase),
        "Upper": (inputs.get("upper", True), string.ascii_uppercase),
        "Numeric": (numeric, string.digits),
        "Special": (inputs.get("special", True), inputs.get("overrideSpecial") or _SPECIAL),
    }
    return [
        (alphabet if allowed else "", _whole_number(inputs, f"min{name}", lowest=0))
        for name, (allowed, alphabet) in classes.items()
    ]


def _whole_number(inputs: Inputs, name: str, *, lowest: int) -> int:
    value = inputs.get(name, 0)
    if not isinstance(value, int) or not lowest <= value <= _MAX_LENGTH:
        raise PluginError(f"{name} must be a whole number from {lowest} to {_MAX_LENGTH}, not {value!r}")
    return value
