"""Checks a plan against the policy pack, whose violations `pulumi preview --json` does not report."""

from typing import Any

from pulumi.runtime.rpc import UNKNOWN
from pulumi_policy.proxy import unknown_checking_proxy

from cli.plan import Plan, Values
from cli.preview.secrets import is_secret
from infra.policies.pack import RULES, default_tags
from infra.policies.rules import Resource, read_stack


def violations(plan: Plan, stack: str) -> list[str]:
    """Returns a line per violation with the rule, the resource and what is allowed. Treats secrets as unknown."""
    providers = {step.urn: step.new.inputs for step in plan.steps if step.new}
    found: dict[str, None] = {}
    for step in plan.steps:
        if step.new is None:
            continue
        # A reference to a provider is <URN>::<id>.
        tags = default_tags(providers.get(step.provider.rpartition("::")[0], {}))
        resource = Resource(
            step.new.type, step.name, read_stack(stack), unknown_checking_proxy(_hide_values(step.new.inputs)), tags
        )
        found |= {f"{rule.name}: {line}": None for rule in RULES for line in rule.violations(resource)}
    return list(found)


def _hide_values(inputs: Values) -> dict[str, Any]:
    return {key: _hide(value) for key, value in inputs.items()}


def _hide(value: Any) -> Any:
    if is_secret(value):
        return UNKNOWN
    match value:
        case dict():
            return _hide_values(value)
        case list():
            return [_hide(item) for item in value]
        case _:
            return value
