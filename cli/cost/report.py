"""Tells what a stack's plan is paid for: most expensive first, and apart what no plan says or AWS does not price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from cli.account import read_aws_settings
from cli.cost.cheaper import cheaper_values
from cli.cost.lines import Basis, Line, bill
from cli.cost.price_list import Price, Prices, find_prices
from cli.plan import read_plan
from infra.config.settings import setting

HOURS: Final = 730
"""In a month: a twelfth of a year's 8,760."""
PRICES: Final = Path(__file__).with_name("prices")
_PERIODS: Final = {Basis.HOUR: HOURS, Basis.MONTH: 1}


@dataclass(frozen=True)
class PricedLine:
    """A line with its price, or with the reason why it has none."""

    line: Line
    price: Price | None
    reason: str

    @property
    def monthly(self) -> Decimal | None:
        """US dollars a month; None for what is paid by use, and without a price."""
        if self.price is None or self.line.basis is Basis.USE:
            return None
        return self.price.usd * self.line.quantity * _PERIODS[self.line.basis]


def cost(stack: str, plan: Path) -> None:
    """Prints the costs. Raises ConfigError for a file that is no plan, ActionableError for a stack not on AWS."""
    settings = read_aws_settings(stack)
    planned = read_plan(plan)
    lines = bill(planned.after, settings)
    queries = [line.query for line in lines if line.query]
    prices = find_prices(queries, settings.region, PRICES, datetime.now(UTC).date())
    print(report([priced(line, prices) for line in lines], cheaper_values(settings)))
    print(
        f"\nSettings are under boutique: in {setting(stack)}. Prices are AWS' list prices in {settings.region}", end=""
    )
    print(f", of {prices.date}" if prices.date else "", end="")
    print(": without tax, discounts and free allowances.")
    if planned.left_out:
        print(
            f"{planned.left_out} resources that stay as they are are not in {plan}, nor here: "
            "make it with `pulumi preview --json --show-sames`."
        )


def priced(line: Line, prices: Prices) -> PricedLine:
    """By the list price, unless that is in another measure than the line's."""
    if line.query is None:
        return PricedLine(line, None, line.unpriced)
    price = prices.found.get(line.query.key)
    if price is None:
        return PricedLine(line, None, prices.reasons[line.query.key])
    if price.unit.lower().startswith(("hr", "hour")) != (line.basis is Basis.HOUR):
        return PricedLine(line, None, f"AWS prices it by {price.unit}, not as this line counts it")
    return PricedLine(line, price, "")


def report(lines: Sequence[PricedLine], cheaper: Mapping[str, str]) -> str:
    """Three tables and a total. `cheaper` has the cheapest value of settings that have another, by key."""
    timed = sorted((one for one in lines if one.monthly is not None), key=lambda one: one.monthly or 0, reverse=True)
    used = [one for one in lines if one.price and one.monthly is None]
    used.sort(key=lambda one: one.price.usd if one.price else 0, reverse=True)
    unpriced = [one for one in lines if one.price is None]
    tables = [
        _table(
            ("PAID BY TIME", "HOW MANY", "UNIT", "USD EACH", "USD A MONTH", "SETTINGS"),
            [
                (*_counted(priced), _each(priced), f"{priced.monthly:,.2f}", _settings(priced.line, cheaper))
                for priced in timed
            ],
        ),
        _table(
            ("PAID BY USE", "OF", "UNIT", "USD EACH", "SETTINGS"),
            [(*_counted(priced), _each(priced), _settings(priced.line, cheaper)) for priced in used],
        ),
        _table(
            ("WITHOUT A PRICE", "HOW MANY", "UNIT", "SETTINGS", "WHY"),
            [(*_counted(priced), _settings(priced.line, cheaper), priced.reason) for priced in unpriced],
        ),
        _total(timed, used, unpriced),
    ]
    return "\n\n".join(table for table in tables if table)


def _counted(priced: PricedLine) -> tuple[str, str, str]:
    return priced.line.what, str(priced.line.quantity), priced.line.unit


def _each(priced: PricedLine) -> str:
    return f"{priced.price.usd.normalize():f}" if priced.price else ""


def _settings(line: Line, cheaper: Mapping[str, str]) -> str:
    return ", ".join(f"{key} (cheaper: {cheaper[key]})" if key in cheaper else key for key in line.settings) or "-"


def _total(timed: Sequence[PricedLine], used: Sequence[PricedLine], unpriced: Sequence[PricedLine]) -> str:
    left = f"{len(used)} paid by use, {len(unpriced)} without a price"
    if not timed:
        return f"No total, for want of prices: {left}."
    by_basis = {
        basis: sum((priced.monthly or Decimal(0) for priced in timed if priced.line.basis is basis), Decimal(0))
        for basis in _PERIODS
    }
    return (
        f"{sum(by_basis.values()):,.2f} USD a month: {by_basis[Basis.HOUR]:,.2f} for {HOURS} hours, "
        f"{by_basis[Basis.MONTH]:,.2f} for what is paid by the month. "
        f"Not in it: {left}."
    )


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, *rows]
    )
