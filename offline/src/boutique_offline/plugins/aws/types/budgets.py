"""Budgets, which send notifications about an account's costs."""

from typing import Any, Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType

_BUDGET: Final = {"AccountId": "{account}", "BudgetName": "{name}"}
_LIMITED: Final = ("budgetType", "costFilters", "limitAmount", "limitUnit", "timeUnit")


def _budget(budget: Properties) -> dict[str, Any]:
    filters = {each["name"]: list(each["values"]) for each in budget.get("costFilters") or []}
    return {
        "BudgetName": budget["name"],
        "BudgetType": budget["budgetType"],
        "TimeUnit": budget["timeUnit"],
        "BudgetLimit": {"Amount": str(budget["limitAmount"]), "Unit": budget["limitUnit"]},
    } | ({"CostFilters": filters} if filters else {})


def _notification(notification: dict[str, Any]) -> dict[str, Any]:
    subscribers = [
        {"SubscriptionType": kind, "Address": address}
        for name, kind in (("subscriberEmailAddresses", "EMAIL"), ("subscriberSnsTopicArns", "SNS"))
        for address in notification.get(name) or []
    ]
    described = {
        "NotificationType": notification["notificationType"],
        "ComparisonOperator": notification["comparisonOperator"],
        "Threshold": notification["threshold"],
        "ThresholdType": notification["thresholdType"],
    }
    return {"Notification": described, "Subscribers": subscribers}


def _created(budget: Properties, _: Properties) -> Arguments:
    notifications = [_notification(each) for each in budget.get("notifications") or []]
    return {"Budget": _budget(budget), "NotificationsWithSubscribers": notifications}


def _read_filters(budget: Properties) -> list[dict[str, Any]]:
    return [{"name": name, "values": values} for name, values in (budget.get("costFilters") or {}).items()]


TYPES: Final = {
    "Budget": ResourceType(
        service="budgets",
        id="{account}:{name}",
        create=Call(
            "CreateBudget", {"AccountId": "{account}"}, build=_created, built=("name", "notifications", *_LIMITED)
        ),
        read=Call("DescribeBudget", _BUDGET, result="budget"),
        updates=(
            Call(
                "UpdateBudget",
                {"AccountId": "{account}"},
                build=lambda budget, _: {"NewBudget": _budget(budget)},
                built=_LIMITED,
            ),
        ),
        delete=(Call("DeleteBudget", _BUDGET),),
        reads={"costFilters": _read_filters, "limitAmount": "budgetLimit.amount", "limitUnit": "budgetLimit.unit"},
        computed={"arn": "arn:aws:budgets::{account}:budget/{name}"},
        name="name",
        longest_name=100,
    ),
}
