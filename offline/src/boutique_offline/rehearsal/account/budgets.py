"""Budgets beyond moto's: a budget that there is, changed."""

from moto.budgets import urls
from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse


def extend() -> None:
    for path in urls.url_paths:
        urls.url_paths[path] = Response.dispatch


class Response(BudgetsResponse):
    """Operations by their names in moto's spelling; what moto has and this lacks is moto's."""

    def update_budget(self) -> str:
        new = self._get_param("NewBudget")
        budgets = self.backend.budgets[self._get_param("AccountId")]
        if new["BudgetName"] not in budgets:
            raise NotFoundException(f"Unable to update budget: {new['BudgetName']} - the budget doesn't exist.")
        budgets[new["BudgetName"]].budget.update(new)
        return "{}"
