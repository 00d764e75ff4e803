"""Tests that a teardown destroys a stack, removes its orphans and reports the rest, after a confirmation."""

from dataclasses import dataclass, field, replace

import pytest

from cli.account import Account
from cli.orphans.finding import find_orphans
from cli.teardown import teardown
from cli.tests.conftest import changed
from cli.tests.fake_account import Orphans, create_orphans
from dev.errors import ActionableError


@dataclass
class Pulumi:
    """Replaces `pulumi destroy`. Fails the first `failures` times, and counts the orphans before each run."""

    account: Account
    failures: int = 0
    orphans: list[int] = field(default_factory=list)

    def destroy(self) -> None:
        found = find_orphans(self.account)
        self.orphans.append(len(found))
        if len(self.orphans) <= self.failures:
            raise ActionableError("The network has dependencies and can't be deleted.")
        ec2 = self.account.session.client("ec2")
        for network in [orphan.id for orphan in found if orphan.kind == "network"]:
            filters = [{"Name": "vpc-id", "Values": [network]}]
            for subnet in ec2.describe_subnets(Filters=filters)["Subnets"]:  # type: ignore[arg-type]
                ec2.delete_subnet(SubnetId=subnet["SubnetId"])
            ec2.delete_vpc(VpcId=network)


@pytest.fixture
def orphans(account: Account) -> Orphans:
    return create_orphans(account, "dev")


@pytest.fixture
def pulumi(account: Account) -> Pulumi:
    return Pulumi(account)


def never_asked(_: str) -> str:
    raise AssertionError("asked for confirmation")


def run(account: Account, pulumi: Pulumi) -> int:
    return teardown(account, confirmed=True, destroy=pulumi.destroy, ask=never_asked, pause=lambda _: None)


@pytest.mark.usefixtures("orphans")
def test_a_teardown_leaves_only_orphans_that_are_kept_on_purpose(
    account: Account, pulumi: Pulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(account, pulumi) == 0
    assert len(pulumi.orphans) == 1
    output = capsys.readouterr().out
    assert "AWS deletes it on " in output
    assert output.endswith("No other orphans.\n")


def test_another_stack_is_not_changed(account: Account, pulumi: Pulumi, orphans: Orphans) -> None:
    other = replace(account, stack="dev-blue")
    create_orphans(account, "dev-blue")
    before = [orphan.key for orphan in find_orphans(other)]
    run(account, pulumi)
    assert [orphan.key for orphan in find_orphans(other)] == before


def test_a_destroy_blocked_by_orphans_of_the_cluster_is_retried_without_them(
    account: Account, pulumi: Pulumi, orphans: Orphans
) -> None:
    pulumi.failures = 1
    assert run(account, pulumi) == 0
    first, second = pulumi.orphans
    assert first - second == len(orphans.of_cluster)


@pytest.mark.usefixtures("orphans")
def test_a_destroy_that_fails_twice_is_an_error_and_nothing_else_is_removed(
    account: Account, pulumi: Pulumi, orphans: Orphans
) -> None:
    pulumi.failures = 2
    with pytest.raises(ActionableError, match="has dependencies"):
        run(account, pulumi)
    assert orphans.of_stack <= {orphan.key for orphan in find_orphans(account)}


def test_a_destroy_is_not_retried_without_orphans_of_the_cluster(account: Account, pulumi: Pulumi) -> None:
    pulumi.failures = 1
    with pytest.raises(ActionableError, match="has dependencies"):
        run(account, pulumi)
    assert len(pulumi.orphans) == 1


def test_an_orphan_that_could_not_be_removed_is_listed_with_the_reason(
    account: Account,
    pulumi: Pulumi,
    orphans: Orphans,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from moto.ec2.exceptions import EC2ClientError  # noqa: PLC0415
    from moto.ec2.models.elastic_block_store import EBSBackend  # noqa: PLC0415

    def reject(*_: object, **__: object) -> None:
        raise EC2ClientError("UnauthorizedOperation", "You are not authorized to delete volumes")

    monkeypatch.setattr(EBSBackend, "delete_volume", reject)
    assert run(account, pulumi) == 1
    output = capsys.readouterr().out
    assert "You are not authorized to delete volumes" in output
    assert "1 to remove, " in output


def test_a_protected_stack_is_not_destroyed_and_the_error_says_how_to_lift_that(
    account: Account, pulumi: Pulumi
) -> None:
    prod = replace(changed(account, protected=True), stack="prod")
    with pytest.raises(ActionableError) as caught:
        run(prod, pulumi)
    assert str(caught.value).startswith("stacks/Pulumi.prod.yaml: boutique:aws.protected: True: prod is protected")
    assert "set it to false and `expires` to a date, run `boutique up prod`" in str(caught.value)
    assert pulumi.orphans == []


@pytest.mark.parametrize("answer", ["", "y", "dev-blue", "DEV"])
def test_nothing_is_destroyed_unless_the_answer_is_the_stacks_name(
    account: Account, pulumi: Pulumi, answer: str
) -> None:
    with pytest.raises(ActionableError, match="Nothing was changed"):
        teardown(account, confirmed=False, destroy=pulumi.destroy, ask=lambda _: answer)
    assert pulumi.orphans == []


def test_nothing_is_destroyed_if_nobody_can_answer(account: Account, pulumi: Pulumi) -> None:
    def closed(_: str) -> str:
        raise EOFError

    with pytest.raises(ActionableError, match="Nothing was changed"):
        teardown(account, confirmed=False, destroy=pulumi.destroy, ask=closed)
    assert pulumi.orphans == []


def test_the_question_names_the_account_and_what_will_be_destroyed(account: Account, pulumi: Pulumi) -> None:
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return "dev\n"

    assert teardown(account, confirmed=False, destroy=pulumi.destroy, ask=ask, pause=lambda _: None) == 0
    (question,) = questions
    assert "destroys dev in the account 123456789012 (eu-central-1)" in question
    assert "all snapshots with the stack's tags except final ones" in question


def test_a_production_stack_always_needs_its_name_as_an_answer(account: Account, pulumi: Pulumi) -> None:
    prod = replace(changed(account, production=True), stack="prod")
    with pytest.raises(ActionableError, match="Nothing was changed"):
        teardown(prod, confirmed=True, destroy=pulumi.destroy, ask=lambda _: "")
    assert pulumi.orphans == []
