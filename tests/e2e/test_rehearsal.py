"""Tests the rehearsal of every stack on AWS: deploy, buy, change, interrupt, destroy."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.browser import browser_page, buy, buy_in_application
from tests.e2e.conftest import ADDRESS, APPLICATION_ADDRESS
from tests.e2e.workspace import STATE, Workspace

pytestmark = pytest.mark.cluster

STACKS = ("demo", "dev", "staging", "prod")


def change(workspace: Workspace, stack: str, **aws: Any) -> None:
    """Changes settings of the stack. A double underscore separates the keys of a path."""
    file = settings(workspace, stack)
    content = yaml.safe_load(file.read_text())
    for path, value in aws.items():
        *keys, last = path.split("__")
        within = content["config"]["boutique:aws"]
        for key in keys:
            within = within[key]
        within[last] = value
    file.write_text(yaml.safe_dump(content))


def settings(workspace: Workspace, stack: str) -> Path:
    return workspace.directory / "stacks" / f"Pulumi.{stack}.yaml"


@pytest.fixture
def fresh(workspace: Workspace) -> Iterator[Workspace]:
    """The workspace. After the test, its settings are restored and its rehearsal is removed."""
    before = {stack: settings(workspace, stack).read_text() for stack in STACKS}
    yield workspace
    for stack, content in before.items():
        settings(workspace, stack).write_text(content)
    rehearsed = STATE / "rehearsal" / "stack"
    if rehearsed.exists():
        workspace.make("down", STACK=rehearsed.read_text())


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_needs_no_account_and_leaves_nothing(fresh: Workspace, stack: str) -> None:
    output = fresh.make("preview", STACK=stack)
    assert "this is a preview against an emulated account" in output
    assert re.search(r"\+ \d+ to create", output)
    assert "Nothing is running, and nothing is left" in fresh.make("down")


def test_a_killed_rehearsal_continues_and_can_be_changed_and_destroyed(fresh: Workspace) -> None:
    fresh.kill("rehearse", once_it_prints="aws:ec2:NatGateway", STACK="dev")
    output = fresh.make("rehearse", STACK="dev")
    assert re.search(r"\d+ unchanged", output.partition("A second up must change nothing")[2])
    with browser_page() as page:
        assert buy(page, ADDRESS).order_id
        assert buy_in_application(page, APPLICATION_ADDRESS).order_id

    change(fresh, "dev", caches__sessions__nodeType="cache.t4g.small")
    changed = fresh.make("preview", STACK="dev")
    assert re.search(r"~ 1 to update", changed)
    assert "nodeType" in changed
    assert "replace" not in changed
    fresh.make("rehearse", STACK="dev")
    assert "as they were before, to the resource" in fresh.make("down", STACK="dev")


@pytest.mark.parametrize("stack", ["demo", "staging"])
def test_a_stack_is_deployed_and_destroyed_without_a_trace(fresh: Workspace, stack: str) -> None:
    fresh.make("rehearse", STACK=stack)
    with browser_page() as page:
        assert buy(page, ADDRESS).order_id
    assert "as they were before, to the resource" in fresh.make("down", STACK=stack)


def test_prod_can_be_destroyed_only_after_it_expires_and_is_unprotected(fresh: Workspace) -> None:
    fresh.make("rehearse", STACK="prod")
    with browser_page() as page:
        assert buy(page, ADDRESS).order_id
    change(fresh, "prod", protected=False, finalSnapshots=False)
    refused = fresh.make("rehearse", STACK="prod", fails=True)
    assert "protected-production" in refused
    assert "Traceback" not in refused
    change(fresh, "prod", expires="2030-01-01")
    fresh.make("rehearse", STACK="prod")
    assert "as they were before, to the resource" in fresh.make("down", STACK="prod")


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("cluster__version", "1.19", "must be one that EKS supports"),
        ("database__instanceClass", "db.t9.huge", "must be one that RDS offers"),
        ("database__version", "19", "must be a version of Postgres that RDS offers"),
        ("network__cidr", "10.40.0.0/16", "overlaps 10.40.0.0/16 of prod"),
    ],
)
def test_a_preview_reports_what_aws_would_refuse(fresh: Workspace, path: str, value: str, allowed: str) -> None:
    change(fresh, "dev", **{path: value})
    output = fresh.make("preview", STACK="dev", fails=True)
    assert f"boutique:aws.{path.replace('__', '.')}: " in output
    assert allowed in output
    assert "Traceback" not in output
