"""Extends moto's Budgets by the operation that changes a budget."""

from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse


class Response(BudgetsResponse):
    """Replaces the operations of Budgets that differ from moto's."""

    def update_budget(self) -> str:
        new = self._get_param("NewBudget")
        budgets = self.backend.budgets[self._get_param("AccountId")]
        if new["BudgetName"] not in budgets:
            raise NotFoundException(f"Unable to update budget: {new['BudgetName']} - the budget doesn't exist.")
        budgets[new["BudgetName"]].budget.update(new)
        return "{}"
