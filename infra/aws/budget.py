"""A budget: mail before an environment costs more than it should."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import budgets

from infra.aws.naming import Naming
from infra.config.aws import BudgetSettings

_SPENT_PERCENT = 80
_FORECAST_PERCENT = 100


@dataclass(frozen=True)
class BudgetArgs:
    naming: Naming
    settings: BudgetSettings


class Budget(pulumi.ComponentResource):
    """Of what has the stack's tag, once that is a cost allocation tag of the account: see docs/operations.md."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Budget", name, None, opts)
        budgets.Budget(
            name,
            name=args.naming.name(),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.settings.monthly),
            limit_unit="USD",
            # Source: AWS Budgets user guide, filter by a tag of the user's: key and value apart by a dollar sign.
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
