"""Calculates how a plan changes the monthly cost, as far as prices are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from cli.cost.lines import Basis, Line, bill
from cli.cost.price_list import find_prices
from cli.cost.report import PRICES, priced
from cli.plan import Plan
from infra.config.aws import AwsSettings


@dataclass(frozen=True)
class DifferentLine:
    """A change of the bill.

    Args:
        line: The line. Its quantity is the difference, which is negative for fewer.
        monthly: The difference in US dollars a month. None if it is not known.
        reason: Why `monthly` is not known.
    """

    line: Line
    monthly: Decimal | None
    reason: str


@dataclass(frozen=True)
class CostDifference:
    """All changes of the bill."""

    lines: Sequence[DifferentLine]

    @property
    def monthly(self) -> Decimal | None:
        """The known difference in US dollars a month. None if there are changes, but the cost of none is known."""
        known = [one.monthly for one in self.lines if one.monthly is not None]
        return sum(known, Decimal(0)) if known or not self.lines else None

    @property
    def unpriced(self) -> int:
        """The number of changes without a price, except for usage, which no plan knows."""
        return sum(one.monthly is None and one.line.basis is not Basis.USE for one in self.lines)


def cost_difference(plan: Plan, settings: AwsSettings, prices: Path = PRICES) -> CostDifference:
    """Returns how a plan changes the bill.

    Requests prices from AWS that are not in the cache.

    Args:
        plan: The plan.
        settings: The settings of the stack after the plan.
        prices: The directory of the price cache.

    Raises:
        ConfigError: If the cache is invalid.
    """
    quantities = {replace(line, quantity=0): line.quantity for line in bill(plan.after.values(), settings)}
    for line in bill(plan.before.values(), _settings_before(plan, settings)):
        alike = replace(line, quantity=0)
        quantities[alike] = quantities.get(alike, 0) - line.quantity
    lines = [replace(line, quantity=quantity) for line, quantity in quantities.items() if quantity]
    queries = [line.query for line in lines if line.query]
    found = find_prices(queries, settings.region, prices, datetime.now(UTC).date())
    different = []
    for line in lines:
        one = priced(line, found)
        reason = "usage is not known in advance" if one.price and one.monthly is None else one.reason
        different.append(DifferentLine(line, one.monthly, reason))
    return CostDifference(sorted(different, key=lambda one: abs(one.monthly or Decimal(0)), reverse=True))


def _settings_before(plan: Plan, settings: AwsSettings) -> AwsSettings:
    """Returns the settings with the former storage of the database, which is that of its replicas as well."""
    found = (state.inputs["allocatedStorage"] for state in plan.before.values() if "allocatedStorage" in state.inputs)
    if (storage := next(found, None)) is None:
        return settings
    return settings.model_copy(update={"database": settings.database.model_copy(update={"storage": int(storage)})})
