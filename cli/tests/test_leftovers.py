"""What is found of a stack, and what is removed: all of it, and nothing of a stack whose names begin alike."""

from dataclasses import replace

import pytest
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroupBackend

from cli.account import Account
from cli.main import run
from cli.orphans import cloudflare as zone
from cli.orphans.finding import Leftover, find
from cli.orphans.sweep import sweep
from cli.tests.conftest import changed
from cli.tests.fake_account import Garden, Planted, plant
from dev.progress import Progress
from infra.config.aws import DnsSettings
from offline.tests.plugins.cloudflare_account import Cloudflare

NEIGHBOUR = "dev-blue"
"""A stack whose names all begin with those of dev."""
NETWORK_KINDS = {"network", "other"}
"""Of the planted network itself, which only Pulumi removes."""


@pytest.fixture
def neighbour(account: Account) -> Garden:
    return plant(account, NEIGHBOUR)


@pytest.fixture
def garden(account: Account, neighbour: Garden) -> Garden:
    """Planted after the neighbour's, so that what is found first is the neighbour's."""
    return plant(account, "dev")


def found(account: Account) -> Planted:
    return {(leftover.kind, leftover.id) for leftover in find(account) if leftover.kind not in NETWORK_KINDS}


def of_neighbour(account: Account) -> list[Leftover]:
    return find(replace(account, stack=NEIGHBOUR))


def test_all_that_was_planted_is_found_and_nothing_of_the_neighbours(account: Account, garden: Garden) -> None:
    assert found(account) == garden.of_stack | garden.of_cluster | garden.told


def test_a_sweep_removes_all_that_is_the_stacks_and_nothing_else(
    account: Account, garden: Garden, quiet: Progress
) -> None:
    before = of_neighbour(account)
    swept = sweep(account, quiet, pause=lambda _: None)
    assert swept.removed == garden.of_stack | garden.of_cluster
    assert found(account) == garden.told
    assert [repr(leftover.id) for leftover in of_neighbour(account)] == [repr(leftover.id) for leftover in before]


def test_what_only_the_cluster_made_can_be_removed_alone(account: Account, garden: Garden, quiet: Progress) -> None:
    sweep(account, quiet, made_by=["cluster"], pause=lambda _: None)
    assert found(account) == garden.of_stack | garden.told


def test_what_a_cluster_made_is_left_to_it_while_it_stands(account: Account, garden: Garden, quiet: Progress) -> None:
    role = account.session.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    account.session.client("eks").create_cluster(
        name=account.naming.name(), roleArn=role, resourcesVpcConfig={}, tags=dict(account.naming.tags())
    )
    sweep(account, quiet, pause=lambda _: None)
    assert found(account) == garden.of_cluster | garden.told | {("cluster", account.naming.name())}


def test_a_cluster_of_the_name_without_the_stacks_tags_counts_as_well(account: Account) -> None:
    account.session.client("eks").create_cluster(
        name=account.naming.name(), roleArn="arn:aws:iam::123456789012:role/r", resourcesVpcConfig={}
    )
    assert found(account) == {("cluster", account.naming.name())}


def test_what_others_hold_is_asked_for_again_with_longer_pauses(
    account: Account, garden: Garden, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = SecurityGroupBackend.delete_security_group
    refusals = iter(range(6))

    def held_at_first(backend: SecurityGroupBackend, *arguments: object, **named: object) -> object:
        if next(refusals, None) is not None:
            raise EC2ClientError("DependencyViolation", "resource sg-1 has a dependent object")
        return delete(backend, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", held_at_first)
    pauses: list[float] = []
    swept = sweep(account, quiet, pause=pauses.append)
    assert pauses == [1, 2, 4, 8]
    assert swept.held == {}
    assert found(account) == garden.told


def test_groups_that_name_each_other_go_all_the_same(
    account: Account, garden: Garden, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = account.session.client("ec2")
    delete = SecurityGroupBackend.delete_security_group

    def refuse_what_is_named(backend: SecurityGroupBackend, name: str | None = None, group_id: str = "") -> object:
        """As AWS does, and moto does not."""
        rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
        others = [rule for rule in rules if rule["GroupId"] != group_id]
        if any(rule.get("ReferencedGroupInfo", {}).get("GroupId") == group_id for rule in others):
            raise EC2ClientError("DependencyViolation", "resource sg-1 has a dependent object")
        return delete(backend, name, group_id)

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", refuse_what_is_named)
    sweep(account, quiet, pause=lambda _: None)
    assert found(account) == garden.told


def test_what_is_held_for_ever_is_given_up_and_told_with_the_reason(
    account: Account, garden: Garden, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> None:
        raise EC2ClientError("DependencyViolation", "resource sg-1 has a dependent object")

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", held)
    pauses: list[float] = []
    swept = sweep(account, quiet, pause=pauses.append)
    assert 200 < sum(pauses) < 400
    assert max(pauses) == 30
    groups = {planted for planted in garden.of_cluster if planted[0] == "security group"}
    assert swept.held == dict.fromkeys(groups, "resource sg-1 has a dependent object")
    assert found(account) == groups | garden.told


def test_what_is_refused_is_not_asked_for_again(
    account: Account, garden: Garden, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refuse(*_: object, **named: object) -> None:
        asked.append(named)
        raise EC2ClientError("UnauthorizedOperation", "You are not authorized")

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", refuse)
    swept = sweep(account, quiet, pause=lambda _: None)
    assert len(asked) == 2
    assert set(swept.refused.values()) == {"You are not authorized"}
    assert len(found(account) - garden.told) == 2


def test_what_is_shared_with_the_cluster_is_not_its_own(account: Account) -> None:
    ec2 = account.session.client("ec2")
    shared = ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1)["VolumeId"]
    name = account.naming.name()
    ec2.create_tags(Resources=[shared], Tags=[{"Key": f"kubernetes.io/cluster/{name}", "Value": "shared"}])
    assert found(account) == set()


def test_another_projects_stack_of_the_same_name_is_another(account: Account) -> None:
    ec2 = account.session.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1)["VolumeId"]
    tags = {"boutique:stack": "dev", "boutique:project": "jewellery"}
    ec2.create_tags(Resources=[volume], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    assert found(account) == set()


def test_what_is_left_fails_and_is_told_in_a_table(
    account: Account, garden: Garden, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["orphans", "dev"]) == 1
    lines = capsys.readouterr().out.splitlines()
    rows = {tuple(line.split("  ")[0:1]) for line in lines}
    assert {("load balancer",), ("secret",), ("images",), ("key",)} <= rows
    counted = len(garden.of_stack) + len(garden.of_cluster) + 1
    assert lines[-1].startswith(f"{counted} left; ")


def test_what_goes_by_itself_or_is_kept_on_purpose_does_not_fail(
    account: Account, garden: Garden, quiet: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep(account, quiet, pause=lambda _: None)
    ec2 = account.session.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for network in ec2.describe_vpcs(Filters=[{"Name": "tag:boutique:stack", "Values": ["dev"]}])["Vpcs"]:
        ec2.delete_vpc(VpcId=network["VpcId"])
    assert run(["orphans", "dev"]) == 0
    told = capsys.readouterr().out
    assert "AWS deletes it on " in told
    assert "a final snapshot, kept on purpose" in told
    assert "opens boutique-dev-database-final-" in told
    assert told.endswith("Nothing is left but these.\n")


def test_of_nothing_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["orphans", "dev"]) == 0
    assert capsys.readouterr().out == "Nothing is left.\n"


class TestRecords:
    """Of the zone that dev's settings name, in which shop.dev.example.com is the stack's."""

    @pytest.fixture(autouse=True)
    def records(self, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zone, "_PAGE", 1)
        balancer, proof = "boutique-1.eu-central-1.elb.amazonaws.com", "_3c4d.xyz.acm-validations.aws"
        for name, content in (
            ("moved.example.com", "shop.example.net"),
            ("mail.example.com", "mail.example.net"),
            ("other.shop.dev.example.com", balancer),
            ("shop.dev.example.com", balancer),
            ("shop.staging.example.com", balancer),
            ("_1a2b.shop.staging.example.com", proof),
            ("_1a2b.shop.dev.example.com", proof),
        ):
            cloudflare.ask("POST", "dns_records", {"type": "CNAME", "name": name, "content": content})

    def test_the_hosts_and_their_validations_are_the_stacks(self, account: Account) -> None:
        assert found(account) == {
            ("DNS record", "CNAME shop.dev.example.com"),
            ("DNS record", "CNAME _1a2b.shop.dev.example.com"),
        }

    def test_they_alone_are_removed(self, account: Account, cloudflare: Cloudflare, quiet: Progress) -> None:
        sweep(account, quiet, pause=lambda _: None)
        assert {record["name"] for record in cloudflare.ask("GET", "dns_records")} == {
            "moved.example.com",
            "mail.example.com",
            "other.shop.dev.example.com",
            "shop.staging.example.com",
            "_1a2b.shop.staging.example.com",
        }

    def test_a_host_that_leads_elsewhere_is_somebody_elses(self, account: Account) -> None:
        dns = DnsSettings.model_validate(
            {"domain": "example.com", "zoneId": account.settings.dns.zone_id, "hosts": {"frontend": "moved"}}
        )
        assert found(changed(account, dns=dns)) == set()

    def test_a_token_that_may_not_is_told_with_the_zone(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "wrong")
        assert run(["orphans", "dev"]) == 1
        told = capsys.readouterr().err
        assert "Cloudflare refuses, for the zone 023e105f4ecef8ad9ca31a8372d0c353 (dns.zoneId): " in told
        assert "wrong" not in told

    def test_without_a_token_a_person_is_told_which(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
        assert run(["orphans", "dev"]) == 1
        assert "CLOUDFLARE_API_TOKEN is not set: a token that may edit DNS of dev.example.com's" in (
            capsys.readouterr().err
        )
