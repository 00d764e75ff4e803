"""The settings of stacks on AWS: those of the repository are valid, and every error is one line."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from boutique_definition.validation import ConfigError
from infra.check import check
from infra.config.settings import STACKS, check_settings, read_settings
from infra.tests.conftest import AWS_STACKS, aws_settings

Setting = tuple[str, ...]


def changed(content: dict[str, Any], path: Setting, value: object) -> dict[str, Any]:
    """Returns the content with another value at the path, or without the key for None."""
    key, *rest = path
    if rest:
        return {**content, key: changed(content.get(key, {}), tuple(rest), value)}
    return {name: old for name, old in content.items() if name != key} | ({} if value is None else {key: value})


def errors(stack: str, *changes: tuple[str, object]) -> list[str]:
    """Returns the lines of the error, without the file that each must name."""
    content = read_settings(stack)
    for path, value in changes:
        content = changed(content, ("aws", *path.split(".")), value)
    with pytest.raises(ConfigError) as caught:
        check_settings(stack, content)
    file = f"stacks/Pulumi.{stack}.yaml: boutique:aws"
    lines = str(caught.value).splitlines()
    assert all(line.startswith(file) for line in lines)
    return [line.removeprefix(file).removeprefix(".") for line in lines]


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_every_stack_of_the_repository_is_valid(stack: str) -> None:
    check(stack)


def test_prod_is_for_users() -> None:
    prod = aws_settings("prod")

    assert prod.protected
    assert prod.final_snapshots
    assert (prod.network.zones, prod.network.nat) == (3, "one-per-zone")
    assert prod.database.standby
    assert prod.database.read_replicas >= 1
    assert prod.database.insights == "advanced"
    assert prod.caches.carts.replicas >= 1
    assert prod.caches.carts.snapshot_days
    assert prod.caches.sessions.replicas >= 1


def test_demo_is_the_smallest_and_expires() -> None:
    demo = aws_settings("demo")

    assert demo.expires
    assert not demo.protected
    assert not demo.final_snapshots
    assert (demo.network.zones, demo.network.nat) == (2, "one")
    assert not demo.database.standby
    assert not demo.database.read_replicas
    assert not demo.caches.carts.replicas
    assert not demo.caches.carts.snapshot_days
    assert not demo.caches.sessions.replicas


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("account", "12345", "account: '12345': String should match pattern '^[0-9]{12}$'"),
        ("account", None, "account: Field required"),
        ("alarms", "somebody", "alarms: 'somebody': String should match pattern"),
        ("region", "eu-central-9", "region: 'eu-central-9': Value error, must be one of af-south-1, "),
        ("expires", "soon", "expires: 'soon': "),
        ("expires", date(2030, 1, 31), "expires: datetime.date(2030, 1, 31): Value error, must be in quotes"),
        ("network.cidr", "10.20.0.0/24", "network: {"),
        ("network.zones", 4, "network.zones: 4: Input should be less than or equal to 3"),
        ("network.zones", 1, "network.zones: 1: Input should be greater than or equal to 2"),
        ("network.nat", "two", "network.nat: 'two': Input should be 'one' or 'one-per-zone'"),
        ("cluster.version", "1.34.2", "cluster.version: '1.34.2': String should match pattern"),
        ("database.version", "17.4", "database.version: '17.4': String should match pattern '^1[5-9]$'"),
        ("database.instanceClass", "t4g.micro", "database.instanceClass: 't4g.micro': String should match pattern"),
        ("database.storage", 10, "database.storage: 10: Input should be greater than or equal to 20"),
        ("database.readReplicas", 6, "database.readReplicas: 6: Input should be less than or equal to 5"),
        ("database.backupDays", 0, "database.backupDays: 0: Input should be greater than or equal to 1"),
        ("database.insights", "all", "database.insights: 'all': Input should be 'standard' or 'advanced'"),
        ("caches.carts.nodeType", "db.t4g.micro", "caches.carts.nodeType: 'db.t4g.micro': String should match"),
        ("caches.sessions.replicas", 6, "caches.sessions.replicas: 6: Input should be less than or equal to 5"),
        ("caches.carts.snapshotDays", 36, "caches.carts.snapshotDays: 36: Input should be less than or equal to 35"),
        ("caches.other", {}, "caches.other: Extra inputs are not permitted"),
        ("dns.domain", "localhost", "dns.domain: 'localhost': String should match pattern"),
        ("dns.zoneId", "example.com", "dns.zoneId: 'example.com': String should match pattern '^[0-9a-f]{32}$'"),
        ("budget.monthly", 0, "budget.monthly: 0: Input should be greater than or equal to 1"),
        ("budget.email", "nobody", "budget.email: 'nobody': String should match pattern"),
    ],
)
def test_a_wrong_value_is_reported_with_what_is_allowed(path: str, value: object, message: str) -> None:
    (line,) = errors("dev", (path, value))
    assert line.startswith(message)


def test_storage_needs_room_to_grow() -> None:
    (line,) = errors("dev", ("database.storage", 95), ("database.maximumStorage", 100))
    assert line.endswith("maximumStorage: 100 must be at least 10 % above storage (95)")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("finalSnapshots", None, "finalSnapshots: must be true where protected is true"),
        ("database.backupDays", 6, "database.backupDays: must be at least 7 where protected is true"),
        ("caches.carts.snapshotDays", 0, "caches.carts.snapshotDays: must be at least 1 where protected is true"),
    ],
)
def test_a_protected_stack_can_be_recovered(path: str, value: object, message: str) -> None:
    (line,) = errors("prod", (path, value))
    assert line.endswith(f"Value error, {message}")


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """Returns a folder with a copy of every stack's settings file."""
    shutil.copytree(STACKS, tmp_path / "stacks")
    return tmp_path / "stacks"


def rewrite(file: Path, path: Setting, value: object) -> None:
    file.write_text(yaml.safe_dump(changed(yaml.safe_load(file.read_text()), path, value)))


def test_overlapping_networks_are_reported(stacks: Path) -> None:
    rewrite(stacks / "Pulumi.dev.yaml", ("config", "boutique:aws", "network", "cidr"), "10.40.128.0/20")
    with pytest.raises(ConfigError) as caught:
        check("dev", stacks)
    assert str(caught.value) == (
        "stacks/Pulumi.dev.yaml: boutique:aws.network.cidr: '10.40.128.0/20': overlaps 10.40.0.0/16 of prod, "
        "in the same account and region"
    )


@pytest.mark.parametrize(("key", "value"), [("region", "eu-west-1"), ("account", "210987654321")])
def test_networks_in_different_places_may_overlap(stacks: Path, key: str, value: str) -> None:
    rewrite(stacks / "Pulumi.dev.yaml", ("config", "boutique:aws", "network", "cidr"), "10.40.0.0/16")
    rewrite(stacks / "Pulumi.dev.yaml", ("config", "boutique:aws", key), value)
    check("dev", stacks)


def test_errors_in_another_stacks_file_are_not_reported(stacks: Path) -> None:
    rewrite(stacks / "Pulumi.prod.yaml", ("config", "boutique:aws", "network", "zones"), 9)
    check("dev", stacks)
