"""A teardown destroys, sweeps, and tells; of the stack that was meant, and only if it was."""

from dataclasses import dataclass, field, replace

import pytest

from cli.account import Account
from cli.orphans.finding import find
from cli.teardown import teardown
from cli.tests.conftest import changed
from cli.tests.fake_account import Garden, plant
from dev.errors import ActionableError


@dataclass
class Pulumi:
    """In the place of `pulumi destroy`, which fails for the first times; `stood` is what there was each time."""

    account: Account
    failures: int = 0
    stood: list[int] = field(default_factory=list)

    def destroy(self) -> None:
        left = find(self.account)
        self.stood.append(len(left))
        if len(self.stood) <= self.failures:
            raise ActionableError("The network has dependencies and can't be deleted.")
        ec2 = self.account.session.client("ec2")
        for network in [leftover.id for leftover in left if leftover.kind == "network"]:
            filters = [{"Name": "vpc-id", "Values": [network]}]
            for subnet in ec2.describe_subnets(Filters=filters)["Subnets"]:  # type: ignore[arg-type]
                ec2.delete_subnet(SubnetId=subnet["SubnetId"])
            ec2.delete_vpc(VpcId=network)


@pytest.fixture
def garden(account: Account) -> Garden:
    return plant(account, "dev")


@pytest.fixture
def pulumi(account: Account) -> Pulumi:
    return Pulumi(account)


def never_asked(_: str) -> str:
    raise AssertionError("a person was asked")


def run(account: Account, pulumi: Pulumi) -> int:
    return teardown(account, confirmed=True, destroy=pulumi.destroy, ask=never_asked, pause=lambda _: None)


@pytest.mark.usefixtures("garden")
def test_after_it_nothing_is_left_but_what_goes_by_itself(
    account: Account, pulumi: Pulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(account, pulumi) == 0
    assert len(pulumi.stood) == 1
    told = capsys.readouterr().out
    assert "AWS deletes it on " in told
    assert told.endswith("Nothing is left but these.\n")


def test_a_neighbour_is_as_it_was(account: Account, pulumi: Pulumi, garden: Garden) -> None:
    neighbour = replace(account, stack="dev-blue")
    plant(account, "dev-blue")
    before = [(leftover.kind, leftover.id) for leftover in find(neighbour)]
    run(account, pulumi)
    assert [(leftover.kind, leftover.id) for leftover in find(neighbour)] == before


def test_a_destroy_that_the_clusters_leftovers_hold_up_is_tried_again_without_them(
    account: Account, pulumi: Pulumi, garden: Garden
) -> None:
    pulumi.failures = 1
    assert run(account, pulumi) == 0
    first, second = pulumi.stood
    assert first - second == len(garden.of_cluster)


@pytest.mark.usefixtures("garden")
def test_a_destroy_that_fails_again_is_told_and_nothing_else_is_removed(
    account: Account, pulumi: Pulumi, garden: Garden
) -> None:
    pulumi.failures = 2
    with pytest.raises(ActionableError, match="has dependencies"):
        run(account, pulumi)
    assert garden.of_stack <= {(leftover.kind, leftover.id) for leftover in find(account)}


def test_a_destroy_that_no_leftover_holds_up_is_not_tried_again(account: Account, pulumi: Pulumi) -> None:
    pulumi.failures = 1
    with pytest.raises(ActionableError, match="has dependencies"):
        run(account, pulumi)
    assert len(pulumi.stood) == 1


def test_what_could_not_be_removed_fails_with_the_reason(
    account: Account,
    pulumi: Pulumi,
    garden: Garden,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from moto.ec2.exceptions import EC2ClientError  # noqa: PLC0415
    from moto.ec2.models.elastic_block_store import EBSBackend  # noqa: PLC0415

    def refuse(*_: object, **__: object) -> None:
        raise EC2ClientError("UnauthorizedOperation", "You are not authorized to delete volumes")

    monkeypatch.setattr(EBSBackend, "delete_volume", refuse)
    assert run(account, pulumi) == 1
    told = capsys.readouterr().out
    assert "You are not authorized to delete volumes" in told
    assert "1 left; " in told


def test_a_protected_stack_is_refused_with_the_way_to_lift_that(account: Account, pulumi: Pulumi) -> None:
    prod = replace(changed(account, protected=True), stack="prod")
    with pytest.raises(ActionableError) as caught:
        run(prod, pulumi)
    assert str(caught.value).startswith("stacks/Pulumi.prod.yaml: boutique:aws.protected: True: prod is protected")
    assert "set it to false and `expires` to a day, let `make up STACK=prod` apply that" in str(caught.value)
    assert pulumi.stood == []


@pytest.mark.parametrize("answer", ["", "y", "dev-blue", "DEV"])
def test_whoever_does_not_type_the_stacks_name_destroys_nothing(account: Account, pulumi: Pulumi, answer: str) -> None:
    with pytest.raises(ActionableError, match="nothing was touched"):
        teardown(account, confirmed=False, destroy=pulumi.destroy, ask=lambda _: answer)
    assert pulumi.stood == []


def test_where_nobody_can_answer_nothing_is_destroyed(account: Account, pulumi: Pulumi) -> None:
    def closed(_: str) -> str:
        raise EOFError

    with pytest.raises(ActionableError, match="nothing was touched"):
        teardown(account, confirmed=False, destroy=pulumi.destroy, ask=closed)
    assert pulumi.stood == []


def test_whoever_types_it_was_told_what_goes(account: Account, pulumi: Pulumi) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "dev\n"

    assert teardown(account, confirmed=False, destroy=pulumi.destroy, ask=ask, pause=lambda _: None) == 0
    (question,) = asked
    assert "destroys dev in the account 123456789012 (eu-central-1)" in question
    assert "every snapshot that has the stack's tags but final ones" in question


def test_a_production_stack_is_only_torn_down_after_its_name_was_typed(account: Account, pulumi: Pulumi) -> None:
    prod = replace(changed(account, production=True), stack="prod")
    with pytest.raises(ActionableError, match="nothing was touched"):
        teardown(prod, confirmed=True, destroy=pulumi.destroy, ask=lambda _: "")
    assert pulumi.stood == []
