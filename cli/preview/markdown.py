"""Text as GitHub shows it, whatever is in it: no name or value can end its code or its table, or call a person."""

import re
from collections.abc import Sequence
from typing import Final

_LONGEST_CODE: Final = 300
"""Characters; what is longer is not read in a line."""

UNFOLD: Final = "\n</details>"


def code(text: str) -> str:
    """In a line, or a cell. Nothing can be escaped inside code: what would end it is written otherwise."""
    line = " ".join(text.split()).replace("`", "'").replace("|", "¦")
    return f"`{line[:_LONGEST_CODE]}…`" if len(line) > _LONGEST_CODE else f"`{line}`"


def block(text: str, language: str = "") -> str:
    """Within a fence that is longer than any in it. Source: GitHub Flavored Markdown, fenced code blocks."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def fold(summary: str) -> str:
    """What comes before folded content; UNFOLD comes after."""
    return f"<details><summary>{summary}</summary>\n"


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def heading(cells: Sequence[str]) -> str:
    """Of a table. A cell that begins with a colon is of a column of numbers."""
    rules = ["--:" if cell.startswith(":") else "---" for cell in cells]
    return f"{row([cell.removeprefix(':') for cell in cells])}\n{row(rules)}"
