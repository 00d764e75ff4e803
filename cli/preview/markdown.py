"""Formats any text as GitHub Markdown, so that it can't break out of code or a table, or mention a user."""

import re
from collections.abc import Sequence
from typing import Final

_LONGEST_CODE: Final = 300
"""Characters. Longer text is cut."""

DETAILS_END: Final = "\n</details>"


def code(text: str) -> str:
    """Returns inline code. Replaces the characters that would end it, since code has no escapes."""
    line = " ".join(text.split()).replace("`", "'").replace("|", "¦")
    return f"`{line[:_LONGEST_CODE]}…`" if len(line) > _LONGEST_CODE else f"`{line}`"


def block(text: str, language: str = "") -> str:
    """Returns a code block with a longer fence than any in the text.

    Source: GitHub Flavored Markdown, fenced code blocks.
    """
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def details(summary: str) -> str:
    """Returns the start of collapsed content, which DETAILS_END ends."""
    return f"<details><summary>{summary}</summary>\n"


def row(cells: Sequence[str]) -> str:
    """Returns a row of a table."""
    return f"| {' | '.join(cells)} |"


def heading(cells: Sequence[str]) -> str:
    """Returns the heading of a table. A leading colon in a cell aligns the column to the right."""
    rules = ["--:" if cell.startswith(":") else "---" for cell in cells]
    return f"{row([cell.removeprefix(':') for cell in cells])}\n{row(rules)}"
