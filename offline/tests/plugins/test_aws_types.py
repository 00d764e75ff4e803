"""Tests every type of the tables against the emulated account."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi import _types
from pulumi.runtime import rpc

from boutique_offline.plugins.aws import types
from boutique_offline.plugins.properties import decode, reveal
from boutique_offline.rehearsal.account.inventory import Item, inventory
from offline.tests.plugins.aws_account import REGION, Deployment, configured, emulated_account
from offline.tests.plugins.aws_resources import RESOURCES

_LISTED = {
    "acm": {"certificate"},
    "budgets": {"budget"},
    "cloudwatch": {"alarm"},
    "ec2": {
        "association",
        "elastic-ip",
        "flow-log",
        "internet-gateway",
        "nat-gateway",
        "network-interface",
        "route",
        "route-table",
        "security-group",
        "security-group-rule",
        "subnet",
        "vpc",
        "vpc-endpoint",
    },
    "ecr": {"lifecycle-policy", "repository"},
    "eks": {"access-entry", "addon", "cluster", "pod-identity-association"},
    "elasticache": {"parameter-group", "replication-group", "subnet-group"},
    "elbv2": {"listener", "load-balancer", "rule", "target-group"},
    "iam": {"attached-policy", "role", "role-policy"},
    "kms": {"alias", "key"},
    "logs": {"log-group"},
    "rds": {"instance", "parameter-group", "snapshot", "subnet-group"},
    "s3": {"bucket", "object"},
    "secretsmanager": {"secret"},
    "sns": {"subscription", "topic"},
}
"""The kinds that the inventory must list after all types were created."""


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    with emulated_account() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def untouched(account: str) -> frozenset[Item]:
    """Returns the inventory before anything is created."""
    return inventory(account, REGION)


@pytest.fixture(scope="module")
def deployment(account: str, untouched: frozenset[Item]) -> Iterator[Deployment]:
    """Creates a resource of each type."""
    with configured(account) as provider:
        deployment = Deployment(provider)
        for name, declared in RESOURCES.items():
            deployment.create(name, declared)
        yield deployment


def test_the_resources_cover_every_type_of_the_tables() -> None:
    rows = {
        f"{module}:{name}"
        for module in types.MODULES
        for name in importlib.import_module(f"boutique_offline.plugins.aws.types.{module}").TYPES
    }
    assert {_short(declared.token) for declared in RESOURCES.values()} == rows


@pytest.mark.parametrize("name", RESOURCES)
def test_a_created_resource_has_all_its_inputs(deployment: Deployment, name: str) -> None:
    resource = deployment.resources[name]
    now = deployment.read(resource)
    assert now.id == resource.id
    assert decode(now.inputs) == resource.inputs


@pytest.mark.parametrize("name", RESOURCES)
def test_outputs_have_the_types_of_the_official_provider(deployment: Deployment, name: str) -> None:
    resource = deployment.resources[name]
    for output, kind in _types.resource_types(_sdk_class(resource.token)).items():
        rpc.translate_output_properties(reveal(resource.state).get(output), lambda each: each, kind)


@pytest.mark.parametrize("name", RESOURCES)
def test_the_tables_name_only_properties_of_the_official_provider(name: str) -> None:
    declared = RESOURCES[name]
    row, known = types.find(declared.token), {*_types.resource_types(_sdk_class(declared.token)), "id"}
    calls = [call for call in (row.create, row.copy, *row.updates, *row.delete) if call]
    named = {each for call in calls for each in (*call.takes, *call.built)}
    named |= {*row.settings, *row.secrets, *row.defaults, *([row.name] if row.name else [])}
    assert named <= known


def test_a_resource_has_its_own_tags_and_the_default_tags(deployment: Deployment) -> None:
    assert deployment.resources["vpc"].state["tagsAll"] == {"boutique:stack": "dev", "Name": "trial"}


def test_a_password_is_secret_in_inputs_and_state(deployment: Deployment) -> None:
    for name in ("database", "cache", "secret-version"):
        resource = deployment.resources[name]
        assert "drawn-for-the-test" not in repr((resource.inputs, resource.state))


# Must be the last test of the module, since it deletes all resources.
def test_deleting_twice_succeeds_and_leaves_the_account_as_before(
    account: str, untouched: frozenset[Item], deployment: Deployment
) -> None:
    listed = inventory(account, REGION) - untouched
    for resource in reversed(deployment.resources.values()):
        deployment.delete(resource)
        deployment.delete(resource)
    assert inventory(account, REGION) == untouched
    for service, kinds in _LISTED.items():
        assert {item.kind for item in listed if item.service == service} == kinds


def _short(token: str) -> str:
    _, module, name = token.split(":")
    return f"{module.partition('/')[0]}:{name}"


def _sdk_class(token: str) -> Any:
    module, _, name = _short(token).partition(":")
    return getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
