"""The policy pack's rules, asked of a plan: `pulumi preview --json` says nothing of what its policies found."""

from typing import Any

from pulumi.runtime.rpc import UNKNOWN
from pulumi_policy.proxy import unknown_checking_proxy

from cli.plan import Plan, Values
from cli.preview.secrets import is_secret
from infra.policies.pack import RULES, default_tags
from infra.policies.rules import Resource, read_stack


def violations(plan: Plan, stack: str) -> list[str]:
    """A line for each: the rule, the resource, and what is allowed. What is secret counts as not known yet."""
    providers = {step.urn: step.new.inputs for step in plan.steps if step.new}
    found: dict[str, None] = {}
    for step in plan.steps:
        if step.new is None:
            continue
        # A provider is referred to as <URN>::<id>.
        tags = default_tags(providers.get(step.provider.rpartition("::")[0], {}))
        resource = Resource(
            step.new.type, step.name, read_stack(stack), unknown_checking_proxy(_veiled(step.new.inputs)), tags
        )
        found |= {f"{rule.name}: {line}": None for rule in RULES for line in rule.violations(resource)}
    return list(found)


def _veiled(inputs: Values) -> dict[str, Any]:
    return {key: _veil(value) for key, value in inputs.items()}


def _veil(value: Any) -> Any:
    if is_secret(value):
        return UNKNOWN
    match value:
        case dict():
            return _veiled(value)
        case list():
            return [_veil(item) for item in value]
        case _:
            return value
