"""The two kinds of rules for a field's value: a pattern for text, bounds for an integer."""

import re
from dataclasses import dataclass
from functools import cached_property

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class TextRule:
    """Accepts text that matches a pattern as a whole.

    Args:
        pattern: A regular expression without anchors that means the same in Python, JavaScript, and JSON Schema.
        maximum_length: The maximum number of characters.
        message: What is allowed, as the end of a sentence that starts with the field's name.
    """

    pattern: str
    maximum_length: int
    message: str

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def accepts(self, text: str) -> bool:
        """Returns whether the text meets the rule. Lone surrogates, which UTF-8 cannot encode, never do."""
        return (
            len(text) <= self.maximum_length
            and self._compiled.fullmatch(text) is not None
            and _SURROGATE.search(text) is None
        )

    def problem(self, text: str) -> str | None:
        """Returns the message if the text breaks the rule, else None."""
        return None if self.accepts(text) else self.message


@dataclass(frozen=True)
class IntegerRule:
    """Accepts integers within bounds, both included."""

    minimum: int
    maximum: int
    message: str

    def accepts(self, number: int) -> bool:
        """Returns whether the number meets the rule."""
        return self.minimum <= number <= self.maximum

    def problem(self, number: int) -> str | None:
        """Returns the message if the number breaks the rule, else None."""
        return None if self.accepts(number) else self.message

    def accepts_text(self, text: str) -> bool:
        """Returns whether the text is a decimal number that meets the rule."""
        return text.isascii() and text.isdecimal() and len(text) <= 10 and self.accepts(int(text))


def text_of(maximum_length: int, *, required: bool = True) -> TextRule:
    """Returns the rule for one line of free text, such as a city."""
    if required:
        return TextRule(_REQUIRED_TEXT, maximum_length, f"must be 1 to {maximum_length} characters on one line")
    return TextRule(_TEXT, maximum_length, f"must be at most {maximum_length} characters on one line")


def from_to(minimum: int, maximum: int) -> IntegerRule:
    """Returns the rule for a whole number within bounds."""
    return IntegerRule(minimum, maximum, f"must be a whole number from {minimum} to {maximum}")


# Control characters, line separators, and marks that turn the direction of the text around them. Without these, Python
# and JavaScript agree on what `\s` is.
_UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
_TEXT = rf"[^{_UNPRINTABLE}]*"
_REQUIRED_TEXT = rf"[^{_UNPRINTABLE}]*[^\s{_UNPRINTABLE}][^{_UNPRINTABLE}]*"
