"""Tests where a stack runs, and the messages for a person without an account, before any request to AWS."""

import pytest

from boutique_definition.validation import ConfigError
from cli.stacks.account import AccountTarget, has_credentials
from cli.stacks.local import LocalTarget
from cli.stacks.opening import Rehearse, open_stack
from cli.stacks.rehearsal import RehearsalTarget
from dev.errors import ActionableError


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_stack_with_local_settings_runs_on_this_machine() -> None:
    assert isinstance(open_stack("local"), LocalTarget)
    with pytest.raises(ActionableError, match="`boutique up local` runs it on this machine"):
        open_stack("local", Rehearse.ALWAYS)


def test_a_stack_on_aws_is_previewed_in_its_account_if_there_are_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_stack("dev", Rehearse.WITHOUT_CREDENTIALS), RehearsalTarget)
    sign_in(monkeypatch)
    assert isinstance(open_stack("dev", Rehearse.WITHOUT_CREDENTIALS), AccountTarget)


def test_an_unknown_stack_is_an_error_that_lists_the_stacks() -> None:
    with pytest.raises(ActionableError, match=r"no stack 'nowhere': stacks/ has demo, dev, local, prod, staging\."):
        open_stack("nowhere")


def test_errors_in_the_settings_are_found_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise ConfigError("stacks/Pulumi.dev.yaml: boutique:aws: wrong")

    monkeypatch.setattr("cli.stacks.opening.check", fail)
    with pytest.raises(ConfigError, match="boutique:aws: wrong"):
        open_stack("dev")


def test_an_account_without_credentials_suggests_a_rehearsal() -> None:
    assert not has_credentials()
    with pytest.raises(ActionableError, match="the AWS account 123456789012, and no AWS credentials were found"):
        open_stack("dev").up()
    with pytest.raises(ActionableError, match="boutique rehearse dev"):
        open_stack("dev").preview()


def test_credentials_are_found_where_every_aws_tool_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    assert has_credentials()


def test_an_account_needs_a_cloudflare_token(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    with pytest.raises(ActionableError, match=r"CLOUDFLARE_API_TOKEN is not set: .* the zone dev\.example\.com"):
        open_stack("dev").up()


def test_an_account_needs_the_official_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
    monkeypatch.setattr("cli.stacks.account.official_plugins_unreachable", lambda: "github.com cannot be reached")
    with pytest.raises(ActionableError, match=r"Pulumi's provider plugins.*github.com cannot be reached"):
        open_stack("dev").up()
