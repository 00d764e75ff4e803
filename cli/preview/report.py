"""What the stacks' previews say, most dangerous first, and never longer than GitHub takes."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cli.cost.difference import CostDifference, DifferentLine
from cli.preview.changes import Change, ChangedResource, Field
from cli.preview.markdown import UNFOLD, block, code, fold, heading, row

LONGEST: Final = 65_536
"""Of a comment's or an issue's body: characters, which are counted as bytes, of which there are never fewer."""

_LEFT_OUT_NOTE: Final = 400
"""Bytes that are kept free for it."""
_LONGEST_REASON: Final = 4_000
_LONGEST_VALUE: Final = 300
_BEFORE_DIFFERENCE: Final = 40
_MOST_FIELDS: Final = 40
_MOST_REASONS: Final = 5


@dataclass(frozen=True)
class Previewed:
    """A stack and what its plan changes. `cost` is None where nobody asked, or the stack is not on AWS."""

    stack: str
    changes: Sequence[ChangedResource]
    violations: Sequence[str] = ()
    cost: CostDifference | None = None


@dataclass(frozen=True)
class NotPreviewed:
    """A stack whose preview failed, and what it said."""

    stack: str
    reason: str


Outcome = Previewed | NotPreviewed


@dataclass
class _Part:
    """Items of `what`, between an opening and a closing that are written where at least one item is."""

    what: str
    opening: str
    items: Sequence[str]
    closing: str = ""
    kept: int = 0

    def fit(self, room: int) -> int:
        """Keeps the items that have room, from the first on. Answers the bytes that are left."""
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
    """At most `longest` bytes: what has no room is left out, the least important first, and counted at the end."""
    start = f"{title}\n\n{_summary(outcomes)}"
    headings = [f"### {code(outcome.stack)}" for outcome in outcomes]
    dangers = _dangers(outcomes)
    sections = [_parts(outcome) for outcome in outcomes]
    by_importance = [dangers, *filter(None, itertools.chain(*itertools.zip_longest(*sections)))]
    room = longest - _LEFT_OUT_NOTE - _size(start) - sum(map(_size, headings))
    for part in by_importance:
        room = part.fit(room)
    texts = [start, str(dangers)]
    for one, parts in zip(headings, sections, strict=True):
        texts += [one, *map(str, parts)] if any(part.kept for part in parts) else []
    return "\n\n".join(filter(None, [*texts, _left_out(by_importance)]))


def _summary(outcomes: Sequence[Outcome]) -> str:
    """A line for each stack; columns that would be empty are not there."""
    previewed = [outcome for outcome in outcomes if isinstance(outcome, Previewed)]
    columns = {f":{change.value}": _counter(change) for change in Change}
    if any(outcome.violations for outcome in previewed):
        columns[":violations of policies"] = lambda outcome: str(len(outcome.violations))
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


def _dangers(outcomes: Sequence[Outcome]) -> _Part:
    items = [
        f"> - {code(outcome.stack)}: ⚠️ **{change.change.value}** {_resource(change)}{_because(change)}"
        for outcome in outcomes
        if isinstance(outcome, Previewed)
        for change in outcome.changes
        if change.loses_data
    ]
    return _Part("lost stores", "> [!CAUTION]\n> **Data is lost** with what is replaced or deleted here:", items)


def _parts(outcome: Outcome) -> list[_Part]:
    """In the order in which they are shown, which is that of their importance."""
    if isinstance(outcome, NotPreviewed):
        return [_Part("reasons", "It could not be previewed:\n", [block(outcome.reason[-_LONGEST_REASON:])])]
    changes = outcome.changes
    return [
        _Part("violations", "Violations of policies:\n", [f"- {code(line)}" for line in outcome.violations]),
        _Part(
            "rows of resources",
            heading(["", "resource", "because of"]),
            [_changed_row(change) for change in changes if change.change is not Change.CREATED],
        ),
        _Part(
            "rows of costs",
            f"{fold('Costs, by AWS&#39; list prices')}\n{heading(['paid for', ':more', 'unit', ':USD a month'])}",
            [_cost_row(line) for line in outcome.cost.lines] if outcome.cost else [],
            UNFOLD,
        ),
        _Part(
            "resources' changed fields",
            fold("Changed fields"),
            [_fields(change) for change in changes if change.fields],
            UNFOLD,
        ),
        _Part(
            "created resources",
            fold("Created"),
            [f"- {_resource(change)}" for change in changes if change.change is Change.CREATED],
            UNFOLD,
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
    kept = ", but kept where it is" if change.retained and change.change is Change.DELETED else ""
    done = change.change.value if change.change is Change.CHANGED else f"**{change.change.value}**"
    return row([f"{mark}{done}{kept}", _resource(change), _reasons(change)])


def _cost_row(line: DifferentLine) -> str:
    amount = f"{line.monthly:+,.2f}" if line.monthly is not None else code(line.reason)
    return row([code(line.line.what), f"{line.line.quantity:+}", code(line.line.unit), amount])


def _fields(change: ChangedResource) -> str:
    lines = [line for field in change.fields[:_MOST_FIELDS] for line in _difference(field)]
    if (more := len(change.fields) - _MOST_FIELDS) > 0:
        lines.append(f"  and {more} fields more")
    difference = block("\n".join(lines), "diff")
    return f"{_resource(change)}\n{difference}\n"


def _difference(field: Field) -> Iterable[str]:
    """Of long values, from where they begin to differ."""
    path = " ".join(field.path.split())
    begin = 0
    if field.before and field.after and max(len(field.before), len(field.after)) > _LONGEST_VALUE:
        alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(field.before, field.after, strict=False))
        begin = max(0, sum(1 for _ in alike) - _BEFORE_DIFFERENCE)
    for sign, value in (("-", field.before), ("+", field.after)):
        if value is not None:
            end = begin + _LONGEST_VALUE
            yield f"{sign} {path}: {'…' if begin else ''}{value[begin:end]}{'…' if len(value) > end else ''}"


def _left_out(parts: Iterable[_Part]) -> str:
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.what] = counts.get(part.what, 0) + len(part.items) - part.kept
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"Left out, for there is no room in a comment: {told}. `make preview STACK=…` shows all." if told else ""


def _size(text: str) -> int:
    """In bytes, with the line breaks that may be put around it."""
    return len(text.encode()) + 2
