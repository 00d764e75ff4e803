"""Every type of the table, against the emulated account."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi import _types
from pulumi.runtime import rpc

from boutique_offline.plugins.aws import types
from boutique_offline.plugins.properties import decode, reveal
from boutique_offline.rehearsal.account.inventory import Item, inventory
from offline.tests.plugins.aws_account import REGION, World, configured, emulated_account
from offline.tests.plugins.aws_world import WORLD

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
    "iam": {"attached-policy", "instance-profile", "oidc-provider", "policy", "role", "role-policy"},
    "kms": {"alias", "key"},
    "logs": {"log-group"},
    "rds": {"instance", "parameter-group", "snapshot", "subnet-group"},
    "s3": {"bucket", "object"},
    "secretsmanager": {"secret"},
    "sns": {"subscription", "topic"},
}
"""What the account's inventory must tell of a resource of each type. The rest is a part of another, or a wait."""


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    with emulated_account() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def untouched(account: str) -> frozenset[Item]:
    """What the account has before anything is made."""
    return inventory(account, REGION)


@pytest.fixture(scope="module")
def world(account: str, untouched: frozenset[Item]) -> Iterator[World]:
    """A resource of each type, made in the account."""
    with configured(account) as provider:
        world = World(provider)
        for name, declared in WORLD.items():
            world.make(name, declared)
        yield world


def test_the_world_has_each_type_of_the_table() -> None:
    rows = {
        f"{module}:{name}"
        for module in types.MODULES
        for name in importlib.import_module(f"boutique_offline.plugins.aws.types.{module}").TYPES
    }
    assert {_short(declared.token) for declared in WORLD.values()} == rows


@pytest.mark.parametrize("name", WORLD)
def test_what_was_made_is_all_that_was_asked_for(world: World, name: str) -> None:
    made = world.made[name]
    now = world.read(made)
    assert now.id == made.id
    assert decode(now.inputs) == made.inputs


@pytest.mark.parametrize("name", WORLD)
def test_outputs_have_the_types_of_the_provider(world: World, name: str) -> None:
    made = world.made[name]
    for output, kind in _types.resource_types(_sdk_class(made.token)).items():
        rpc.translate_output_properties(reveal(made.state).get(output), lambda each: each, kind)


@pytest.mark.parametrize("name", WORLD)
def test_the_table_names_no_property_that_the_provider_has_not(name: str) -> None:
    declared = WORLD[name]
    row, known = types.find(declared.token), {*_types.resource_types(_sdk_class(declared.token)), "id"}
    calls = [call for call in (row.create, row.copy, *row.updates, *row.delete) if call]
    named = {each for call in calls for each in (*call.takes, *call.built)}
    named |= {*row.settings, *row.secrets, *row.defaults, *([row.name] if row.name else [])}
    assert named <= known


def test_tags_are_the_provider_s_and_the_resource_s_own(world: World) -> None:
    assert world.made["vpc"].state["tagsAll"] == {"boutique:stack": "dev", "Name": "trial"}


def test_a_password_is_secret_in_all_that_is_kept(world: World) -> None:
    for name in ("database", "cache", "secret-version"):
        made = world.made[name]
        assert "drawn-for-the-test" not in repr((made.inputs, made.state))


# The last of the module: nothing of its world is left.
def test_a_destroy_leaves_the_account_as_it_was_and_is_no_error_when_done_again(
    account: str, untouched: frozenset[Item], world: World
) -> None:
    listed = inventory(account, REGION) - untouched
    for made in reversed(world.made.values()):
        world.delete(made)
        world.delete(made)
    assert inventory(account, REGION) == untouched
    for service, kinds in _LISTED.items():
        assert {item.kind for item in listed if item.service == service} == kinds


def _short(token: str) -> str:
    _, module, name = token.split(":")
    return f"{module.partition('/')[0]}:{name}"


def _sdk_class(token: str) -> Any:
    module, _, name = _short(token).partition(":")
    return getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
