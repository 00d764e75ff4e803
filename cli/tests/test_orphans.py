"""Tests that all orphans of a stack are found and removed, and none of another stack."""

from dataclasses import replace

import pytest
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroupBackend

from cli.account import Account
from cli.main import run
from cli.orphans.cloudflare import Zone
from cli.orphans.finding import find_orphans
from cli.orphans.sweep import sweep
from cli.tests.conftest import changed
from cli.tests.fake_account import Keys, Orphans, create_orphans
from dev.progress import Progress
from infra.config.aws import DnsSettings
from offline.tests.plugins.cloudflare_account import Cloudflare

OTHER_STACK = "dev-blue"
"""All names of this stack's resources start with a name of dev's."""
NETWORK_KINDS = {"network", "other"}
"""The kinds of the created network itself, which only Pulumi removes."""


@pytest.fixture
def other_stack(account: Account) -> None:
    """Creates orphans of the other stack. Use it before `orphans`, so that they come first in AWS' responses."""
    create_orphans(account, OTHER_STACK)


@pytest.fixture
def orphans(account: Account) -> Orphans:
    return create_orphans(account, "dev")


def found(account: Account) -> Keys:
    return {orphan.key for orphan in find_orphans(account) if orphan.kind not in NETWORK_KINDS}


def of_other_stack(account: Account) -> list[str]:
    return [orphan.id for orphan in find_orphans(replace(account, stack=OTHER_STACK))]


@pytest.mark.usefixtures("other_stack")
def test_all_orphans_of_the_stack_and_none_of_another_are_found(account: Account, orphans: Orphans) -> None:
    assert found(account) == orphans.of_stack | orphans.of_cluster | orphans.reported


@pytest.mark.usefixtures("other_stack")
def test_a_sweep_removes_all_orphans_of_the_stack_and_none_of_another(
    account: Account, orphans: Orphans, quiet: Progress
) -> None:
    before = of_other_stack(account)
    result = sweep(account, quiet, pause=lambda _: None)
    assert result.removed == orphans.of_stack | orphans.of_cluster
    assert found(account) == orphans.reported
    assert before
    assert of_other_stack(account) == before


def test_a_sweep_can_be_limited_to_orphans_of_the_cluster(account: Account, orphans: Orphans, quiet: Progress) -> None:
    sweep(account, quiet, owners=["cluster"], pause=lambda _: None)
    assert found(account) == orphans.of_stack | orphans.reported


def test_orphans_of_an_existing_cluster_are_not_removed(account: Account, orphans: Orphans, quiet: Progress) -> None:
    role = account.session.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    account.session.client("eks").create_cluster(
        name=account.naming.name(), roleArn=role, resourcesVpcConfig={}, tags=dict(account.naming.tags())
    )
    sweep(account, quiet, pause=lambda _: None)
    assert found(account) == orphans.of_cluster | orphans.reported | {("cluster", account.naming.name())}


def test_a_cluster_without_tags_is_found_by_its_name(account: Account) -> None:
    account.session.client("eks").create_cluster(
        name=account.naming.name(), roleArn="arn:aws:iam::123456789012:role/r", resourcesVpcConfig={}
    )
    assert found(account) == {("cluster", account.naming.name())}


def test_a_blocked_removal_is_retried_with_longer_pauses(
    account: Account, orphans: Orphans, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = SecurityGroupBackend.delete_security_group
    refusals = iter(range(6))

    def blocked_at_first(backend: SecurityGroupBackend, *arguments: object, **named: object) -> object:
        if next(refusals, None) is not None:
            raise EC2ClientError("DependencyViolation", "resource sg-1 has a dependent object")
        return delete(backend, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", blocked_at_first)
    pauses: list[float] = []
    result = sweep(account, quiet, pause=pauses.append)
    assert pauses == [1, 2, 4, 8]
    assert result.blocked == {}
    assert found(account) == orphans.reported


def test_security_groups_that_refer_to_each_other_are_removed(
    account: Account, orphans: Orphans, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = account.session.client("ec2")
    delete = SecurityGroupBackend.delete_security_group

    def reject_referenced_group(backend: SecurityGroupBackend, name: str | None = None, group_id: str = "") -> object:
        """Behaves like AWS, unlike moto."""
        rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
        others = [rule for rule in rules if rule["GroupId"] != group_id]
        if any(rule.get("ReferencedGroupInfo", {}).get("GroupId") == group_id for rule in others):
            raise EC2ClientError("DependencyViolation", "resource sg-1 has a dependent object")
        return delete(backend, name, group_id)

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", reject_referenced_group)
    sweep(account, quiet, pause=lambda _: None)
    assert found(account) == orphans.reported


def test_a_removal_that_stays_blocked_is_given_up_with_the_reason(
    account: Account, orphans: Orphans, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blocked(*_: object, **__: object) -> None:
        raise EC2ClientError("DependencyViolation", "resource sg-1 has a dependent object")

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", blocked)
    pauses: list[float] = []
    result = sweep(account, quiet, pause=pauses.append)
    assert 200 < sum(pauses) < 400
    assert max(pauses) == 30
    groups = {key for key in orphans.of_cluster if key[0] == "security group"}
    assert result.blocked == dict.fromkeys(groups, "resource sg-1 has a dependent object")
    assert found(account) == groups | orphans.reported


def test_a_rejected_removal_is_not_retried(
    account: Account, orphans: Orphans, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[object] = []

    def reject(*_: object, **named: object) -> None:
        requests.append(named)
        raise EC2ClientError("UnauthorizedOperation", "You are not authorized")

    monkeypatch.setattr(SecurityGroupBackend, "delete_security_group", reject)
    result = sweep(account, quiet, pause=lambda _: None)
    assert len(requests) == 2
    assert set(result.rejected.values()) == {"You are not authorized"}
    assert len(found(account) - orphans.reported) == 2


def test_a_resource_shared_with_the_cluster_is_not_an_orphan(account: Account) -> None:
    ec2 = account.session.client("ec2")
    shared = ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1)["VolumeId"]
    name = account.naming.name()
    ec2.create_tags(Resources=[shared], Tags=[{"Key": f"kubernetes.io/cluster/{name}", "Value": "shared"}])
    assert found(account) == set()


def test_a_stack_of_the_same_name_in_another_project_is_another_stack(account: Account) -> None:
    ec2 = account.session.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1)["VolumeId"]
    tags = {"boutique:stack": "dev", "boutique:project": "jewellery"}
    ec2.create_tags(Resources=[volume], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    assert found(account) == set()


def test_orphans_are_listed_in_a_table_and_the_command_fails(
    account: Account, orphans: Orphans, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["orphans", "dev"]) == 1
    lines = capsys.readouterr().out.splitlines()
    rows = {tuple(line.split("  ")[0:1]) for line in lines}
    assert {("load balancer",), ("secret",), ("images",), ("key",)} <= rows
    counted = len(orphans.of_stack) + len(orphans.of_cluster) + 1
    assert lines[-1].startswith(f"{counted} to remove, ")
    assert all(any(id_ in line for line in lines) for _, id_ in orphans.of_cluster)


def test_the_command_succeeds_if_all_orphans_are_kept_on_purpose(
    account: Account, orphans: Orphans, quiet: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep(account, quiet, pause=lambda _: None)
    ec2 = account.session.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for network in ec2.describe_vpcs(Filters=[{"Name": "tag:boutique:stack", "Values": ["dev"]}])["Vpcs"]:
        ec2.delete_vpc(VpcId=network["VpcId"])
    assert run(["orphans", "dev"]) == 0
    output = capsys.readouterr().out
    assert "AWS deletes it on " in output
    assert "a final snapshot, kept on purpose" in output
    assert "decrypts boutique-dev-database-final-" in output
    assert output.endswith("No other orphans.\n")


def test_no_orphans_are_reported_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["orphans", "dev"]) == 0
    assert capsys.readouterr().out == "No orphans.\n"


class TestRecords:
    """Tests of the zone in dev's settings, in which shop.dev.example.com belongs to the stack."""

    @pytest.fixture(autouse=True)
    def records(self, cloudflare: Cloudflare) -> None:
        load_balancer, proof = "boutique-1.eu-central-1.elb.amazonaws.com", "_3c4d.xyz.acm-validations.aws"
        for name, content in (
            ("moved.example.com", "shop.example.net"),
            ("mail.example.com", "mail.example.net"),
            ("other.shop.dev.example.com", load_balancer),
            ("shop.dev.example.com", load_balancer),
            ("shop.staging.example.com", load_balancer),
            ("_1a2b.shop.staging.example.com", proof),
            ("_1a2b.shop.dev.example.com", proof),
        ):
            cloudflare.ask("POST", "dns_records", {"type": "CNAME", "name": name, "content": content})

    def test_records_of_the_hosts_and_their_validation_are_orphans(self, account: Account) -> None:
        assert found(account) == {
            ("DNS record", "CNAME shop.dev.example.com"),
            ("DNS record", "CNAME _1a2b.shop.dev.example.com"),
        }

    def test_records_on_all_pages_are_found(self, account: Account) -> None:
        records = Zone(account.settings.dns, page_size=1).records(account.settings.region)
        assert {record.name for record in records} == {"shop.dev.example.com", "_1a2b.shop.dev.example.com"}

    def test_no_other_records_are_removed(self, account: Account, cloudflare: Cloudflare, quiet: Progress) -> None:
        sweep(account, quiet, pause=lambda _: None)
        assert {record["name"] for record in cloudflare.ask("GET", "dns_records")} == {
            "moved.example.com",
            "mail.example.com",
            "other.shop.dev.example.com",
            "shop.staging.example.com",
            "_1a2b.shop.staging.example.com",
        }

    def test_a_record_that_points_a_host_elsewhere_is_not_an_orphan(self, account: Account) -> None:
        dns = DnsSettings.model_validate(
            {"domain": "example.com", "zoneId": account.settings.dns.zone_id, "hosts": {"frontend": "moved"}}
        )
        assert found(changed(account, dns=dns)) == set()

    def test_a_rejected_token_is_reported_with_the_zone_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "wrong")
        assert run(["orphans", "dev"]) == 1
        error = capsys.readouterr().err
        assert "Cloudflare rejected the request for the zone 023e105f4ecef8ad9ca31a8372d0c353 (dns.zoneId): " in error
        assert "wrong" not in error

    def test_a_missing_token_is_reported_with_the_permission_it_needs(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
        assert run(["orphans", "dev"]) == 1
        assert "CLOUDFLARE_API_TOKEN is not set: it needs permission to edit DNS of dev.example.com's" in (
            capsys.readouterr().err
        )
