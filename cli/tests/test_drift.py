"""Tests that drift is reported in one issue, which is closed once there is no drift."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from boutique_definition.validation import ConfigError
from cli.drift import DRIFTED, drift
from cli.main import run
from cli.stacks.account import AccountTarget
from cli.tests.github_server import REPOSITORY, SOMEBODY, GitHubServer
from dev.errors import ActionableError

pytestmark = pytest.mark.usefixtures("own_cache")

TOPIC = "aws:sns/topic:Topic"
MARKER = "<!-- boutique: drift of dev -->"


def found(color: str, *, wanted: str = "red") -> Callable[[str], str]:
    """Returns a plan as Pulumi prints it: the refresh, whose outputs are known, then the operation."""
    urn = f"urn:pulumi:dev::boutique::{TOPIC}::topic"
    old = {"urn": urn, "type": TOPIC, "inputs": {"color": wanted}, "outputs": {"color": color}}
    new = {"urn": urn, "type": TOPIC, "inputs": {"color": wanted}}
    steps: list[dict[str, Any]] = [
        {"op": "refresh", "urn": urn, "oldState": old, "newState": old},
        {"op": "same" if color == wanted else "update", "urn": urn, "oldState": old, "newState": new},
    ]
    return lambda _: json.dumps({"steps": steps})


def test_drift_opens_an_issue_with_the_differences(server: GitHubServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert drift("dev", found("green"), REPOSITORY) == DRIFTED
    (issue,) = server.issues.values()
    assert issue["title"] == "Drift of dev"
    assert issue["body"].startswith(f"{MARKER}\nThe account of `dev` differs from the program")
    assert '- color: "green"\n+ color: "red"' in issue["body"]
    assert capsys.readouterr().out == f"https://github.com/{REPOSITORY}/issues/1\n"


def test_other_drift_updates_the_issue(server: GitHubServer) -> None:
    drift("dev", found("green"), REPOSITORY)
    drift("dev", found("blue"), REPOSITORY)
    (issue,) = server.issues.values()
    assert '- color: "blue"' in issue["body"]


def test_each_stack_has_its_own_issue(server: GitHubServer) -> None:
    drift("dev", found("green"), REPOSITORY)
    drift("prod", found("green"), REPOSITORY)
    drift("dev", found("red"), REPOSITORY)
    assert [(issue["title"], issue["state"]) for issue in server.issues.values()] == [
        ("Drift of dev", "closed"),
        ("Drift of prod", "open"),
    ]


def test_the_issue_is_closed_with_a_comment_once_there_is_no_drift(
    server: GitHubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    drift("dev", found("green"), REPOSITORY)
    assert drift("dev", found("red"), REPOSITORY) == 0
    (issue,) = server.issues.values()
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert issue["comments"] == ["The drift is gone: the account matches the program and the stack's file again."]
    assert "dev has no drift.\nClosed: https://github.com/" in capsys.readouterr().out


def test_a_stack_that_drifts_again_gets_a_new_issue(server: GitHubServer) -> None:
    for color in ("green", "red", "green"):
        drift("dev", found(color), REPOSITORY)
    assert [issue["state"] for issue in server.issues.values()] == ["closed", "open"]


def test_nothing_is_written_to_github_without_drift(server: GitHubServer) -> None:
    server.issue("Something else", "…", SOMEBODY)
    assert drift("dev", found("red"), REPOSITORY) == 0
    assert not any(request.startswith(("POST", "PATCH")) for request in server.requests)


@pytest.mark.parametrize(("color", "status"), [("green", DRIFTED), ("red", 0)])
def test_the_exit_status_shows_drift_and_github_is_optional(
    color: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(AccountTarget, "plan", lambda target, *, refresh: found(color)(target.name))
    assert run(["drift", "dev"]) == status
    assert ("color" in capsys.readouterr().out) == bool(status)


def test_a_failed_preview_is_neither_drift_nor_its_absence(
    server: GitHubServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(target: AccountTarget, *, refresh: bool) -> str:
        raise ActionableError(f"{target.name}: the state is locked.")

    monkeypatch.setattr(AccountTarget, "plan", fail)
    assert run(["drift", "dev", "--repository", REPOSITORY]) == 1
    assert capsys.readouterr().err.strip() == "dev: the state is locked."
    assert server.requests == []


def test_an_invalid_plan_is_an_error_that_names_its_source() -> None:
    with pytest.raises(ConfigError, match="the preview of dev after a refresh: is not the output of"):
        drift("dev", lambda _: "Previewing…")
