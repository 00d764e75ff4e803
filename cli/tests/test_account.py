"""Which account a command will touch: the one that the stack's settings name, or none."""

import boto3
import pytest

from cli.account import open_account
from cli.main import run
from dev.errors import ActionableError

OTHER = "210987654321"


@pytest.fixture
def another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose the credentials are."""
    assumed = boto3.client("sts", region_name="eu-central-1").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER}:role/somebody", RoleSessionName="test"
    )["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", assumed["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", assumed["SecretAccessKey"])


def test_the_stacks_own_account_is_opened_in_its_region() -> None:
    assert open_account("dev").session.region_name == "eu-central-1"


@pytest.mark.usefixtures("another_account")
@pytest.mark.parametrize("command", ["bootstrap", "images", "orphans", "down"])
def test_another_account_is_refused_before_anything_else(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "dev"]) == 1
    assert capsys.readouterr().err.strip() == (
        "stacks/Pulumi.dev.yaml: boutique:aws.account: '123456789012': these credentials are of the account "
        f"{OTHER}. Sign in to 123456789012, or correct the setting; nothing was touched."
    )


def test_a_stack_that_is_not_on_aws_is_refused() -> None:
    with pytest.raises(ActionableError, match="local is no stack on AWS"):
        open_account("local")


def test_a_stack_that_is_not_there_is_told_by_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["orphans", "nowhere"]) == 1
    assert "stacks/Pulumi.nowhere.yaml: No such file or directory" in capsys.readouterr().err


def test_without_credentials_a_person_is_told_to_sign_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    assert run(["orphans", "dev"]) == 1
    assert (
        capsys.readouterr().err.strip() == "No AWS credentials were found: sign in, for example with `aws sso login`."
    )
