"""Writes a report on previews, with lost data first, and within GitHub's size limit."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cli.cost.difference import CostDifference, DifferentLine
from cli.preview.changes import Change, ChangedResource, Field
from cli.preview.markdown import DETAILS_END, block, code, details, heading, row

LONGEST: Final = 65_536
"""GitHub's limit for a body, in characters. We count bytes, of which there are at least as many."""

_OMITTED_NOTE: Final = 400
"""Bytes reserved for the note on omitted items."""
_LONGEST_REASON: Final = 4_000
_LONGEST_VALUE: Final = 300
_CONTEXT: Final = 40
_MOST_FIELDS: Final = 40
_MOST_REASONS: Final = 5


@dataclass(frozen=True)
class Previewed:
    """A stack with the changes of its plan. `cost` is None if it is not reported, or the stack is not on AWS."""

    stack: str
    changes: Sequence[ChangedResource]
    violations: Sequence[str] = ()
    cost: CostDifference | None = None


@dataclass(frozen=True)
class NotPreviewed:
    """A stack whose preview failed, and the reason."""

    stack: str
    reason: str


Outcome = Previewed | NotPreviewed


@dataclass
class _Part:
    """A list of items, which is cut to fit. The opening and the closing are omitted if no item fits."""

    what: str
    opening: str
    items: Sequence[str]
    closing: str = ""
    kept: int = 0

    def fit(self, room: int) -> int:
        """Keeps the first items that fit into the given number of bytes, and returns the rest of the bytes."""
        for item in self.items:
            needed = _size(item) + (0 if self.kept else _size(self.opening) + _size(self.closing))
            if needed > room:
                break
            room -= needed
            self.kept += 1
        return room

    def __str__(self) -> str:
        lines = [self.opening, *self.items[: self.kept], self.closing]
        return "\n".join(lines).rstrip("\n") if self.kept else ""


def report(title: str, outcomes: Sequence[Outcome], *, longest: int = LONGEST) -> str:
    """Returns a report of at most `longest` bytes. Omits the least important items, and counts them at the end."""
    start = f"{title}\n\n{_summary(outcomes)}"
    headings = [f"### {code(outcome.stack)}" for outcome in outcomes]
    data_losses = _data_losses(outcomes)
    sections = [_parts(outcome) for outcome in outcomes]
    by_importance = [data_losses, *filter(None, itertools.chain(*itertools.zip_longest(*sections)))]
    room = longest - _OMITTED_NOTE - _size(start) - sum(map(_size, headings))
    for part in by_importance:
        room = part.fit(room)
    texts = [start, str(data_losses)]
    for one, parts in zip(headings, sections, strict=True):
        texts += [one, *map(str, parts)] if any(part.kept for part in parts) else []
    return "\n\n".join(filter(None, [*texts, _omitted(by_importance)]))


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Returns a table with a row per stack. Omits empty columns."""
    previewed = [outcome for outcome in outcomes if isinstance(outcome, Previewed)]
    columns = {f":{change.value}": _counter(change) for change in Change}
    if any(outcome.violations for outcome in previewed):
        columns[":policy violations"] = lambda outcome: str(len(outcome.violations))
    if any(outcome.cost for outcome in previewed):
        columns[":USD a month"] = _cost
    rows = [
        [code(outcome.stack), *(cell(outcome) for cell in columns.values())]
        if isinstance(outcome, Previewed)
        else [code(outcome.stack), "**not previewed**", *[""] * (len(columns) - 1)]
        for outcome in outcomes
    ]
    return "\n".join([heading(["stack", *columns]), *map(row, rows)])


def _counter(change: Change) -> Callable[[Previewed], str]:
    return lambda outcome: str(sum(one.change is change for one in outcome.changes))


def _cost(outcome: Previewed) -> str:
    if outcome.cost is None:
        return "not on AWS"
    if outcome.cost.monthly is None:
        return "unpriced"
    unpriced = f", and {outcome.cost.unpriced} unpriced" if outcome.cost.unpriced else ""
    return f"{outcome.cost.monthly:+,.2f}{unpriced}"


def _data_losses(outcomes: Sequence[Outcome]) -> _Part:
    items = [
        f"> - {code(outcome.stack)}: ⚠️ **{change.change.value}** {_resource(change)}{_because(change)}"
        for outcome in outcomes
        if isinstance(outcome, Previewed)
        for change in outcome.changes
        if change.loses_data
    ]
    return _Part("lost stores", "> [!CAUTION]\n> **Data will be lost** with these resources:", items)


def _parts(outcome: Outcome) -> list[_Part]:
    """Returns the parts in the order of the report, the most important first."""
    if isinstance(outcome, NotPreviewed):
        return [_Part("reasons", "The preview failed:\n", [block(outcome.reason[-_LONGEST_REASON:])])]
    changes = outcome.changes
    return [
        _Part("violations", "Policy violations:\n", [f"- {code(line)}" for line in outcome.violations]),
        _Part(
            "rows of resources",
            heading(["", "resource", "because of"]),
            [_changed_row(change) for change in changes if change.change is not Change.CREATED],
        ),
        _Part(
            "rows of costs",
            f"{details('Costs at AWS&#39; list prices')}\n{heading(['item', ':quantity', 'unit', ':USD a month'])}",
            [_cost_row(line) for line in outcome.cost.lines] if outcome.cost else [],
            DETAILS_END,
        ),
        _Part(
            "resources' changed fields",
            details("Changed fields"),
            [_fields(change) for change in changes if change.fields],
            DETAILS_END,
        ),
        _Part(
            "created resources",
            details("Created"),
            [f"- {_resource(change)}" for change in changes if change.change is Change.CREATED],
            DETAILS_END,
        ),
    ]


def _resource(change: ChangedResource) -> str:
    return f"{code(change.type)} {code(change.name)}"


def _because(change: ChangedResource) -> str:
    return f", because of {_reasons(change)}" if change.reasons else ""


def _reasons(change: ChangedResource) -> str:
    more = len(change.reasons) - _MOST_REASONS
    return ", ".join(map(code, change.reasons[:_MOST_REASONS])) + (f" and {more} more" if more > 0 else "")


def _changed_row(change: ChangedResource) -> str:
    mark = "⚠️ " if change.loses_data else ""
    kept = ", but retained" if change.retained and change.change is Change.DELETED else ""
    done = change.change.value if change.change is Change.CHANGED else f"**{change.change.value}**"
    return row([f"{mark}{done}{kept}", _resource(change), _reasons(change)])


def _cost_row(line: DifferentLine) -> str:
    amount = f"{line.monthly:+,.2f}" if line.monthly is not None else code(line.reason)
    return row([code(line.line.what), f"{line.line.quantity:+}", code(line.line.unit), amount])


def _fields(change: ChangedResource) -> str:
    lines = [line for field in change.fields[:_MOST_FIELDS] for line in _difference(field)]
    if (more := len(change.fields) - _MOST_FIELDS) > 0:
        lines.append(f"  and {more} more fields")
    difference = block("\n".join(lines), "diff")
    return f"{_resource(change)}\n{difference}\n"


def _difference(field: Field) -> Iterable[str]:
    """Yields the lines for a field. Long values start shortly before the first difference."""
    path = " ".join(field.path.split())
    begin = 0
    if field.before and field.after and max(len(field.before), len(field.after)) > _LONGEST_VALUE:
        equal = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(field.before, field.after, strict=False))
        begin = max(0, sum(1 for _ in equal) - _CONTEXT)
    for sign, value in (("-", field.before), ("+", field.after)):
        if value is not None:
            end = begin + _LONGEST_VALUE
            yield f"{sign} {path}: {'…' if begin else ''}{value[begin:end]}{'…' if len(value) > end else ''}"


def _omitted(parts: Iterable[_Part]) -> str:
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.what] = counts.get(part.what, 0) + len(part.items) - part.kept
    omitted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return (
        f"Omitted, since the comment would be too long: {omitted}. `boutique preview` shows everything."
        if omitted
        else ""
    )


def _size(text: str) -> int:
    """Returns the size in bytes, including line breaks around the text."""
    return len(text.encode()) + 2
