"""How a job signs in to AWS, and jobs that work on several stacks."""

import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cli.ci import each_stack, sign_in
from cli.tests.pipelines import the_repository, with_access
from dev.errors import ActionableError

TOKEN = "header.payload.signature"
ROLE = "arn:aws:iam::123456789012:role/boutique-dev-pipelines"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment variables that CircleCI sets for a job."""
    return {
        "CIRCLECI": "true",
        "BASH_ENV": str(tmp_path / "environment"),
        "CIRCLE_OIDC_TOKEN_V2": TOKEN,
        "CIRCLE_WORKFLOW_JOB_ID": "0123",
    }


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "token"


def test_only_the_job_can_read_the_token(environment: Mapping[str, str], token_file: Path) -> None:
    sign_in.sign_in_job("dev", environment, token_file)
    assert token_file.read_text() == TOKEN
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600


def test_later_steps_find_the_role_where_aws_tools_look(environment: Mapping[str, str], token_file: Path) -> None:
    sign_in.sign_in_job("dev", environment, token_file)
    script = 'echo "$AWS_ROLE_ARN $AWS_WEB_IDENTITY_TOKEN_FILE $AWS_ROLE_SESSION_NAME"'
    step = {"PATH": os.defpath, "BASH_ENV": environment["BASH_ENV"]}
    printed = subprocess.run(["/bin/bash", "-c", script], env=step, capture_output=True, text=True, check=True).stdout
    assert printed.split() == [f"{ROLE}-deploy", str(token_file), "circleci-0123"]


def test_the_token_is_not_printed(
    environment: Mapping[str, str], token_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in.sign_in_job("dev", environment, token_file)
    assert TOKEN not in "".join(capsys.readouterr())
    assert TOKEN not in Path(environment["BASH_ENV"]).read_text()


def test_a_job_without_a_token_fails_with_the_reason(environment: dict[str, str], token_file: Path) -> None:
    del environment["CIRCLE_OIDC_TOKEN_V2"]
    with pytest.raises(ActionableError, match="CircleCI gives this job no token"):
        sign_in.sign_in_job("dev", environment, token_file)
    assert not Path(environment["BASH_ENV"]).exists()


def test_a_job_on_a_persons_machine_uses_that_persons_credentials(
    token_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in.sign_in_job("local", {}, token_file)
    assert "your own credentials are used" in capsys.readouterr().out
    assert not token_file.exists()


class Calls:
    """Records the commands of each stack. A command that contains `failing` ends with its status."""

    def __init__(self, failing: str = "", status: int = 0) -> None:
        self.failing, self.status = failing, status
        self.commands: list[str] = []
        self.roles: list[str | None] = []

    def __call__(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        self.commands.append(" ".join(command))
        self.roles.append(environment.get("AWS_ROLE_ARN"))
        return self.status if self.failing and self.failing in self.commands[-1] else 0


def test_every_stack_is_previewed_even_after_one_that_fails() -> None:
    calls = Calls(failing="plan dev", status=1)
    assert each_stack.preview(["dev", "prod"], {}, calls) == 1
    assert calls.commands == ["ci versions dev", "plan dev", "ci versions prod", "plan prod"]


def test_a_stack_whose_images_are_not_found_is_not_planned() -> None:
    calls = Calls(failing="versions dev", status=1)
    assert each_stack.preview(["dev", "prod"], {}, calls) == 1
    assert calls.commands == ["ci versions dev", "ci versions prod", "plan prod"]


def test_drift_is_compared_with_the_images_that_run_and_reported_in_issues() -> None:
    calls = Calls(failing="drift dev", status=3)
    assert each_stack.drift(["dev", "prod"], "acme/boutique", {}, calls) == 3
    assert calls.commands == [
        "ci versions dev --running",
        "drift dev --repository acme/boutique",
        "ci versions prod --running",
        "drift prod --repository acme/boutique",
    ]


def test_without_a_repository_drift_is_only_printed() -> None:
    calls = Calls()
    assert each_stack.drift(["dev"], None, {}, calls) == 0
    assert calls.commands[-1] == "drift dev"


def test_each_stack_is_read_with_its_own_role(
    environment: Mapping[str, str], token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_access(the_repository()).on_aws
    monkeypatch.setattr(each_stack, "read_aws_settings", settings.__getitem__)
    calls = Calls()
    each_stack.preview(["dev", "prod"], environment, calls, token_file)
    assert calls.roles == [f"{ROLE}-preview"] * 2 + [f"{ROLE}-preview".replace("dev", "prod")] * 2
    assert token_file.read_text() == TOKEN


def test_a_stack_without_access_is_previewed_without_a_role(environment: Mapping[str, str], token_file: Path) -> None:
    calls = Calls()
    each_stack.preview(["dev"], environment, calls, token_file)
    assert calls.roles == [None, None]
    assert not token_file.exists()


def test_on_a_persons_machine_no_role_is_used(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(each_stack, "read_aws_settings", with_access(the_repository()).on_aws.__getitem__)
    calls = Calls()
    each_stack.preview(["dev"], {}, calls, token_file)
    assert calls.roles == [None, None]
