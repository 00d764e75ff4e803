"""Prints the estimated cost of a stack."""

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
from dev.table import print_table
from infra.config.settings import setting

HOURS: Final = 730
"""Hours in a month: a twelfth of a year's 8,760."""
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
        """US dollars a month. None for usage, and without a price."""
        if self.price is None or self.line.basis is Basis.USE:
            return None
        return self.price.usd * self.line.quantity * _PERIODS[self.line.basis]


def cost(stack: str, plan: Path, prices: Path = PRICES) -> None:
    """Prints the estimated cost.

    Args:
        stack: The name of the stack.
        plan: A file with its plan.
        prices: The directory of the price cache.

    Raises:
        ConfigError: If the file is not a plan.
        ActionableError: If the stack does not run on AWS.
    """
    settings = read_aws_settings(stack)
    planned = read_plan(plan)
    lines = bill(planned.after.values(), settings)
    queries = [line.query for line in lines if line.query]
    found = find_prices(queries, settings.region, prices, datetime.now(UTC).date())
    _print_lines([priced(line, found) for line in lines], cheaper_values(settings))
    print(
        f"\nThe settings are under boutique: in {setting(stack)}. Prices are AWS' list prices in {settings.region}"
        f"{f' of {found.date}' if found.date else ''}, without tax, discounts and free allowances."
    )
    if planned.omitted:
        print(
            f"{planned.omitted} unchanged resources are missing in {plan} and in this list. "
            "Create the plan with `pulumi preview --json --show-sames`."
        )


def priced(line: Line, prices: Prices) -> PricedLine:
    """Returns the line with its list price, unless AWS bills another unit than the line has."""
    if line.query is None:
        return PricedLine(line, None, line.unpriced)
    price = prices.found.get(line.query.key)
    if price is None:
        return PricedLine(line, None, prices.reasons[line.query.key])
    if price.unit.lower().startswith(("hr", "hour")) != (line.basis is Basis.HOUR):
        return PricedLine(line, None, f"AWS bills it by {price.unit}, which is not the unit of this line")
    return PricedLine(line, price, "")


def _print_lines(lines: Sequence[PricedLine], cheaper: Mapping[str, str]) -> None:
    """Prints three tables and a total.

    Args:
        lines: The lines of the bill.
        cheaper: The cheapest values of settings, by key.
    """

    def settings(line: Line) -> str:
        return ", ".join(f"{key} (cheaper: {cheaper[key]})" if key in cheaper else key for key in line.settings) or "-"

    timed = [(one, one.price, one.monthly) for one in lines if one.price and one.monthly is not None]
    timed.sort(key=lambda row: row[2], reverse=True)
    used = [(one, one.price) for one in lines if one.price and one.monthly is None]
    used.sort(key=lambda row: row[1].usd, reverse=True)
    unpriced = [one for one in lines if one.price is None]
    tables: list[tuple[Sequence[str], Sequence[Sequence[str]]]] = [
        (
            ("BILLED BY TIME", "QUANTITY", "UNIT", "USD EACH", "USD A MONTH", "SETTINGS"),
            [(*_item(one), _usd(price), f"{monthly:,.2f}", settings(one.line)) for one, price, monthly in timed],
        ),
        (
            ("BILLED BY USAGE", "RESOURCES", "UNIT", "USD EACH", "SETTINGS"),
            [(*_item(one), _usd(price), settings(one.line)) for one, price in used],
        ),
        (
            ("WITHOUT A PRICE", "QUANTITY", "UNIT", "SETTINGS", "REASON"),
            [(*_item(one), settings(one.line), one.reason) for one in unpriced],
        ),
    ]
    for headings, rows in tables:
        if rows:
            print_table(headings, rows)
            print()
    missing = f"{len(used)} lines billed by usage, {len(unpriced)} without a price"
    if not timed:
        print(f"No total, since no price is known: {missing}.")
        return
    hourly, by_month = (
        sum((monthly for one, _, monthly in timed if one.line.basis is basis), Decimal(0)) for basis in _PERIODS
    )
    print(
        f"{hourly + by_month:,.2f} USD a month: {hourly:,.2f} for {HOURS} hours, {by_month:,.2f} billed by the month. "
        f"Not included: {missing}."
    )


def _item(priced: PricedLine) -> tuple[str, str, str]:
    return priced.line.what, str(priced.line.quantity), priced.line.unit


def _usd(price: Price) -> str:
    return f"{price.usd.normalize():f}"
