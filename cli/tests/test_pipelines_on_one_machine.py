"""A job's commands, run here as CircleCI runs them."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from cli.ci.jobs import SIGN_IN, Document, Job
from cli.ci.on_one_machine import all_jobs, run
from cli.tests.pipelines import the_repository
from dev.errors import ActionableError

TOKEN = "header.payload.signature"
ROLE = "arn:aws:iam::123456789012:role/boutique-dev-pipelines-preview"
MAKEFILE = """
first:
	@echo "first says $$WORD" >> log
second:
	@echo second >> log
fails:
	@echo fails >> log; exit 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a Makefile that writes down what it was asked for."""
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "WORD"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    return tmp_path


def jobs(*targets: str, **environment: str) -> dict[str, Document]:
    return {"job": Job("job", targets, environment, role=ROLE, leaves="plan.json").document()}


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def test_commands_run_in_order_with_the_job_s_environment(folder: Path) -> None:
    assert run("job", jobs("first", "second", WORD="hello"), folder) == 0
    assert log(folder) == ["first says hello", "second"]


def test_what_the_caller_sets_counts_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "welcome")
    run("job", jobs("first", WORD="hello"), folder)
    assert log(folder) == ["first says welcome"]


def test_it_ends_with_the_first_command_that_fails(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("job", jobs("first", "fails", "second"), folder) == 2
    assert log(folder)[1:] == ["fails"]
    assert "job failed: make fails ended with 2" in capfd.readouterr().out


def test_it_says_what_it_leaves_out(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("job", jobs("second"), folder)
    told = capfd.readouterr().out.splitlines()
    left_out = [line.removeprefix("left out: ") for line in told if line.startswith("left out")]
    assert left_out == [
        "checkout",
        "restore_cache",
        f"{SIGN_IN}; your own credentials are used, if there are any",
        "save_cache",
        "persist_to_workspace",
        "store_artifacts",
    ]
    assert told[-1] == "job passed."


def test_a_job_that_is_not_there_is_answered_with_those_that_are(folder: Path) -> None:
    with pytest.raises(ActionableError, match=r"There is no job 'other': there are job."):
        run("other", jobs("first"), folder)


def test_every_job_of_every_day_can_be_run() -> None:
    found = all_jobs(the_repository())
    assert {"style", "test-services", "images", "preview-dev", "comment", "up-prod"} <= set(found)
    assert {"drift-dev", "expire-demo"} <= set(found)


@pytest.fixture
def sign_in(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """The step, run as in a job."""
    document = Job("job", ["second"], role=ROLE).document()
    (command,) = [
        step["run"]["command"] for step in document["steps"] if "run" in step and step["run"]["name"] == SIGN_IN
    ]
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.defpath,
        "BASH_ENV": str(tmp_path / "environment"),
        "CIRCLE_OIDC_TOKEN_V2": TOKEN,
        "CIRCLE_WORKFLOW_JOB_ID": "0123",
    }
    (tmp_path / "environment").touch()
    shell = ["/bin/bash", "-eo", "pipefail", "-c", command]
    return subprocess.run(shell, env=environment, capture_output=True, text=True, check=True)


@pytest.mark.usefixtures("sign_in")
def test_signing_in_leaves_the_token_where_only_the_job_reads_it(tmp_path: Path) -> None:
    (file,) = tmp_path.glob("aws-identity")
    assert file.read_text() == TOKEN
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.usefixtures("sign_in")
def test_signing_in_tells_later_steps_what_the_tools_of_aws_look_for(tmp_path: Path) -> None:
    asked = 'echo "$AWS_ROLE_ARN $AWS_WEB_IDENTITY_TOKEN_FILE $AWS_ROLE_SESSION_NAME"'
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, "BASH_ENV": str(tmp_path / "environment")}
    answer = subprocess.run(["/bin/bash", "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [ROLE, str(tmp_path / "aws-identity"), "circleci-0123"]


def test_signing_in_prints_no_token(sign_in: subprocess.CompletedProcess[str]) -> None:
    assert sign_in.stdout + sign_in.stderr == ""


def test_a_job_without_a_token_fails_with_the_reason(tmp_path: Path) -> None:
    document = Job("job", ["second"], role=ROLE).document()
    command = next(step["run"]["command"] for step in document["steps"] if "run" in step)
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, "BASH_ENV": str(tmp_path / "environment")}
    shell = ["/bin/bash", "-eo", "pipefail", "-c", command]
    ran = subprocess.run(shell, check=False, env=environment, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "CircleCI gives this job no token" in ran.stderr
    assert not (tmp_path / "environment").exists()
