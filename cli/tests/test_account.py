"""Tests that a command only changes the account in the stack's settings."""

import boto3
import pytest

from cli.account import open_account
from cli.main import run
from dev.errors import ActionableError

OTHER = "210987654321"


@pytest.fixture
def another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the credentials of another account."""
    assumed = boto3.client("sts", region_name="eu-central-1").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER}:role/somebody", RoleSessionName="test"
    )["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", assumed["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", assumed["SecretAccessKey"])


def test_the_session_is_for_the_stacks_region() -> None:
    assert open_account("dev").session.region_name == "eu-central-1"


@pytest.mark.usefixtures("another_account", "own_cache")
@pytest.mark.parametrize("command", ["bootstrap", "images", "orphans", "down"])
def test_credentials_of_another_account_are_rejected_first(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "dev"]) == 1
    assert capsys.readouterr().err.strip() == (
        "stacks/Pulumi.dev.yaml: boutique:aws.account: '123456789012': the credentials belong to the account "
        f"{OTHER}. Sign in to 123456789012, or correct the setting. Nothing was changed."
    )


def test_a_stack_that_does_not_run_on_aws_is_an_error() -> None:
    with pytest.raises(ActionableError, match="local does not run on AWS"):
        open_account("local")


@pytest.mark.parametrize(
    "command",
    ["up", "preview", "plan", "down", "orphans", "bootstrap", "cost", "drift", "smoke", "ci sign-in", "ci versions"],
)
def test_an_unknown_stack_is_an_error_of_every_command_that_lists_the_stacks(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command.split(), "nowhere"]) == 1
    assert capsys.readouterr().err == ("\nThere is no stack 'nowhere': stacks/ has demo, dev, local, prod, staging.\n")


def test_missing_credentials_are_an_error_that_says_how_to_sign_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    assert run(["orphans", "dev"]) == 1
    assert capsys.readouterr().err.strip() == "Found no AWS credentials. Sign in, for example with `aws sso login`."
