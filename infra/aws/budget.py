"""A budget, which sends mail before a stack costs more than it should."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import budgets

from infra.aws.naming import Naming
from infra.config.aws import BudgetSettings

_SPENT_PERCENT = 80
_FORECAST_PERCENT = 100


@dataclass(frozen=True)
class BudgetArgs:
    """The arguments of a budget."""

    naming: Naming
    settings: BudgetSettings


class Budget(pulumi.ComponentResource):
    """A budget for resources with the stack's tag, which must be a cost allocation tag: see docs/operations.md."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Budget", name, None, opts)
        budgets.Budget(
            name,
            name=args.naming.name(),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.settings.monthly),
            limit_unit="USD",
            # Source: AWS Budgets user guide, filter by a user-defined tag: a dollar sign separates key and value.
            cost_filters=[{"name": "TagKeyValue", "values": [f"user:boutique:stack${args.naming.stack}"]}],
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": [args.settings.email],
                }
                for kind, percent in (("ACTUAL", _SPENT_PERCENT), ("FORECASTED", _FORECAST_PERCENT))
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
