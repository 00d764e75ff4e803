"""What a person is told who has no account at hand: before anything is asked of AWS."""

import pytest

from cli import aws_stack as account
from dev.errors import ActionableError


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "CLOUDFLARE_API_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


def sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_without_credentials_a_rehearsal_is_proposed() -> None:
    assert not account.has_credentials()
    with pytest.raises(ActionableError, match="the AWS account 123456789012, and no credentials of AWS are found"):
        account.up("dev")
    with pytest.raises(ActionableError, match="make rehearse STACK=dev"):
        account.preview("dev")


def test_credentials_are_found_where_every_tool_of_aws_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    assert account.has_credentials()


def test_a_token_of_cloudflare_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    with pytest.raises(ActionableError, match=r"CLOUDFLARE_API_TOKEN is not set: .* dev\.example\.com's zone"):
        account.up("dev")


def test_without_pulumis_own_plugins_nothing_is_done_to_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
    monkeypatch.setattr(account, "official_plugins_unreachable", lambda: "github.com cannot be reached")
    with pytest.raises(ActionableError, match=r"Pulumi's own provider plugins.*github.com cannot be reached"):
        account.up("dev")


def test_a_stack_of_this_machine_is_in_no_account() -> None:
    with pytest.raises(ActionableError, match="local is no stack on AWS"):
        account.up("local")
