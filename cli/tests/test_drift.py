"""What somebody changed behind Pulumi's back is told in one issue, which is closed when nothing of it is left."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from boutique_definition.validation import ConfigError
from cli.drift import DRIFTED, drift
from cli.github.api import GitHub
from cli.operations import main
from cli.tests.github import REPOSITORY, SOMEBODY, GitHubServer
from dev.errors import ActionableError

TOPIC = "aws:sns/topic:Topic"
MARKER = "<!-- boutique: drift of dev -->"


def found(colour: str, *, wanted: str = "red") -> Callable[[str], str]:
    """As Pulumi prints it: a look at what is there, which knows the outputs, then what is to be done."""
    urn = f"urn:pulumi:dev::boutique::{TOPIC}::topic"
    old = {"urn": urn, "type": TOPIC, "inputs": {"colour": wanted}, "outputs": {"colour": colour}}
    new = {"urn": urn, "type": TOPIC, "inputs": {"colour": wanted}}
    steps: list[dict[str, Any]] = [
        {"op": "refresh", "urn": urn, "oldState": old, "newState": old},
        {"op": "same" if colour == wanted else "update", "urn": urn, "oldState": old, "newState": new},
    ]
    return lambda _: json.dumps({"steps": steps})


@pytest.fixture
def github(server: GitHubServer) -> Iterator[GitHub]:
    with GitHub(REPOSITORY) as github:
        yield github


def test_a_difference_opens_an_issue_that_says_what_differs(
    server: GitHubServer, github: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift("dev", found("green"), github) == DRIFTED
    (issue,) = server.issues.values()
    assert issue["title"] == "Drift of dev"
    assert issue["body"].startswith(f"{MARKER}\nWhat is there of `dev` is not what the program")
    assert '- colour: "green"\n+ colour: "red"' in issue["body"]
    assert capsys.readouterr().out == f"https://github.com/{REPOSITORY}/issues/1\n"


def test_another_difference_mends_the_issue(server: GitHubServer, github: GitHub) -> None:
    drift("dev", found("green"), github)
    drift("dev", found("blue"), github)
    (issue,) = server.issues.values()
    assert '- colour: "blue"' in issue["body"]


def test_each_stack_has_an_issue_of_its_own(server: GitHubServer, github: GitHub) -> None:
    drift("dev", found("green"), github)
    drift("prod", found("green"), github)
    drift("dev", found("red"), github)
    assert [(issue["title"], issue["state"]) for issue in server.issues.values()] == [
        ("Drift of dev", "closed"),
        ("Drift of prod", "open"),
    ]


def test_without_a_difference_the_issue_is_closed_with_a_word(
    server: GitHubServer, github: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    drift("dev", found("green"), github)
    assert drift("dev", found("red"), github) == 0
    (issue,) = server.issues.values()
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert issue["comments"] == [
        "There is no difference any more: what is there is again what the program and the stack's file say."
    ]
    assert "dev is as it should be.\nClosed: https://github.com/" in capsys.readouterr().out


def test_one_that_drifts_again_gets_a_new_issue(server: GitHubServer, github: GitHub) -> None:
    for colour in ("green", "red", "green"):
        drift("dev", found(colour), github)
    assert [issue["state"] for issue in server.issues.values()] == ["closed", "open"]


def test_without_a_difference_nothing_is_written_on_github(server: GitHubServer, github: GitHub) -> None:
    server.issue("Something else", "…", SOMEBODY)
    assert drift("dev", found("red"), github) == 0
    assert not any(request.startswith(("POST", "PATCH")) for request in server.requests)


@pytest.mark.parametrize(("colour", "status"), [("green", DRIFTED), ("red", 0)])
def test_the_command_says_by_its_exit_status_whether_there_is_any_and_needs_no_github(
    colour: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.lifecycle.difference", found(colour))
    assert main(["drift", "dev"]) == status
    assert ("colour" in capsys.readouterr().out) == bool(status)


def test_where_it_cannot_be_told_that_is_neither_of_both(
    server: GitHubServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(stack: str) -> str:
        raise ActionableError(f"{stack}: the state is locked.")

    monkeypatch.setattr("cli.lifecycle.difference", fail)
    assert main(["drift", "dev", "--repository", REPOSITORY]) == 1
    assert capsys.readouterr().err.strip() == "dev: the state is locked."
    assert server.requests == []


def test_what_is_no_plan_is_told_by_where_it_comes_from(github: GitHub) -> None:
    with pytest.raises(ConfigError, match="the preview of dev after a refresh: is not what"):
        drift("dev", lambda _: "Previewing…", github)
