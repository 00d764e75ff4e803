"""What a plan changes about the bill: of what is paid by time, and only as far as prices are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from cli.cost.lines import Basis, Inputs, Line, bill
from cli.cost.price_list import find_prices
from cli.cost.report import PRICES, priced
from cli.plan import Plan
from infra.config.aws import AwsSettings


@dataclass(frozen=True)
class DifferentLine:
    """`line.quantity` is how many more there are, or fewer where it is negative.

    `monthly` is the difference in US dollars a month; None where `reason` says why it can't be told.
    """

    line: Line
    monthly: Decimal | None
    reason: str


@dataclass(frozen=True)
class CostDifference:
    lines: Sequence[DifferentLine]

    @property
    def monthly(self) -> Decimal | None:
        """US dollars a month, of the lines for which that can be told; None where there are lines, but none such."""
        known = [one.monthly for one in self.lines if one.monthly is not None]
        return sum(known, Decimal(0)) if known or not self.lines else None

    @property
    def unpriced(self) -> int:
        """How many lines are missing in it, beside those that are paid by use alone."""
        return sum(one.monthly is None and one.line.basis is not Basis.USE for one in self.lines)


def cost_difference(plan: Plan, settings: AwsSettings) -> CostDifference:
    """Asks AWS for the prices that are not kept. Raises ConfigError where the kept ones are damaged."""
    quantities = {replace(line, quantity=0): line.quantity for line in bill(plan.after, settings)}
    for line in bill(plan.before, _settings_before(plan, settings)):
        alike = replace(line, quantity=0)
        quantities[alike] = quantities.get(alike, 0) - line.quantity
    lines = [replace(line, quantity=quantity) for line, quantity in quantities.items() if quantity]
    queries = [line.query for line in lines if line.query]
    prices = find_prices(queries, settings.region, PRICES, datetime.now(UTC).date())
    different = []
    for line in lines:
        one = priced(line, prices)
        reason = "paid by use, which no plan knows" if one.price and one.monthly is None else one.reason
        different.append(DifferentLine(line, one.monthly, reason))
    return CostDifference(sorted(different, key=lambda one: abs(one.monthly or Decimal(0)), reverse=True))


def _settings_before(plan: Plan, settings: AwsSettings) -> AwsSettings:
    """As far as the bill reads them: a read replica has as much storage as its primary."""
    storage = next((int(inputs["allocatedStorage"]) for _, inputs in plan.before if _is_primary(inputs)), None)
    if storage is None:
        return settings
    return settings.model_copy(update={"database": settings.database.model_copy(update={"storage": storage})})


def _is_primary(inputs: Inputs) -> bool:
    return "allocatedStorage" in inputs
