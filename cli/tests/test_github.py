"""Tests that there is one post of ours in a place, and which error is raised if there can't be."""

import threading
import time
from functools import partial

import pytest

from cli.github import Repository, close, comments, issues, publish
from cli.tests.github_server import AN_APP, REPOSITORY, SOMEBODY, GitHubServer
from dev.errors import ActionableError

MARKER = "<!-- ours -->"
COMMENTS = f"/repos/{REPOSITORY}/issues/7/comments"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Records the waits before retries in place of waiting."""
    recorded: list[float] = []
    monkeypatch.setattr("time.sleep", recorded.append)
    return recorded


def write_comment(body: str, pull_request: int = 7) -> str:
    return publish(comments(Repository(REPOSITORY), pull_request, MARKER), body)


def write_issue(body: str) -> str:
    return publish(issues(Repository(REPOSITORY), "Drift", MARKER), body)


def own_comments(server: GitHubServer) -> list[str]:
    return [body for body in server.bodies if body.startswith(MARKER)]


def test_a_comment_is_created_once_and_then_updated_in_place(server: GitHubServer) -> None:
    server.comment("Looks good to me.", SOMEBODY)
    first = write_comment("one stack")
    second = write_comment("two stacks")
    assert first == second
    assert server.bodies == ["Looks good to me.", f"{MARKER}\ntwo stacks"]


def test_a_comment_is_found_on_a_later_page(server: GitHubServer) -> None:
    server.page = 2
    for number in range(5):
        server.comment(f"remark {number}", SOMEBODY)
    write_comment("before")
    write_comment("after")
    assert own_comments(server) == [f"{MARKER}\nafter"]
    assert server.requests.count(f"GET {COMMENTS}") == 3 + 3 + 3


def test_a_deleted_comment_is_recreated(server: GitHubServer) -> None:
    write_comment("before")
    server.comments.clear()
    write_comment("after")
    assert own_comments(server) == [f"{MARKER}\nafter"]


def test_a_comment_deleted_before_its_update_is_recreated(server: GitHubServer) -> None:
    write_comment("before")
    server.after[f"GET {COMMENTS}"] = server.comments.clear
    write_comment("after")
    assert own_comments(server) == [f"{MARKER}\nafter"]


def test_a_comment_deleted_before_every_update_is_an_error(server: GitHubServer) -> None:
    def delete() -> None:
        server.comments.clear()
        server.comment(f"{MARKER}\nbefore")
        server.after[f"GET {COMMENTS}"] = delete

    delete()
    with pytest.raises(ActionableError, match="deleted by someone else while being updated"):
        write_comment("after")


def test_two_writers_at_once_keep_the_older_comment(server: GitHubServer) -> None:
    server.together = threading.Barrier(2)
    writers = [threading.Thread(target=partial(write_comment, body)) for body in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert server.requests.count(f"POST {COMMENTS}") == 2
    assert len(own_comments(server)) == 1
    assert min(server.comments) == 1


def test_the_newer_of_two_comments_is_deleted(server: GitHubServer) -> None:
    server.comment(f"{MARKER}\nolder")
    server.comment(f"{MARKER}\nnewer")
    write_comment("after")
    assert server.comments.keys() == {1}
    assert own_comments(server) == [f"{MARKER}\nafter"]


@pytest.mark.parametrize("body", [f"{MARKER}\nforged", f"> {MARKER}\n> quoted"])
def test_a_comment_of_somebody_else_is_not_changed(server: GitHubServer, body: str) -> None:
    server.comment(body, SOMEBODY)
    write_comment("ours")
    assert server.bodies == [body, f"{MARKER}\nours"]


def test_a_comment_of_a_deleted_user_is_not_changed(server: GitHubServer) -> None:
    server.comments[server.comment(f"{MARKER}\nold")]["user"] = None
    write_comment("ours")
    assert len(server.comments) == 2


def test_the_token_of_an_app_updates_the_comment_of_an_app(server: GitHubServer) -> None:
    server.user = None
    server.comment(f"{MARKER}\nforged", SOMEBODY)
    server.comment(f"{MARKER}\nbefore", AN_APP)
    write_comment("after")
    assert server.bodies == [f"{MARKER}\nforged", f"{MARKER}\nafter"]


def test_pull_requests_and_closed_issues_are_not_updated(server: GitHubServer) -> None:
    server.issue("a pull request", f"{MARKER}\n", pull_request={})
    server.issue("a closed one", f"{MARKER}\n", state="closed")
    server.issue("one without a body", None)
    write_issue("before")
    write_issue("after")
    assert [issue["title"] for issue in server.issues.values()][3:] == ["Drift"]
    assert server.issues[4]["body"] == f"{MARKER}\nafter"


def test_the_newer_of_two_issues_is_closed_as_not_planned(server: GitHubServer) -> None:
    server.issue("Drift", f"{MARKER}\nolder")
    server.issue("Drift", f"{MARKER}\nnewer")
    write_issue("after")
    assert [(issue["state"], issue.get("state_reason")) for issue in server.issues.values()] == [
        ("open", None),
        ("closed", "not_planned"),
    ]


def test_only_own_issues_are_closed(server: GitHubServer) -> None:
    server.issue("Drift", f"{MARKER}\nforged", SOMEBODY)
    server.issue("Drift", f"{MARKER}\nours")
    assert close(issues(Repository(REPOSITORY), "Drift", MARKER), "Done.") == [server.issues[2]["html_url"]]
    assert [issue["state"] for issue in server.issues.values()] == ["open", "closed"]
    assert server.issues[2]["comments"] == ["Done."]


# Limits and faults

LIMITED = {"message": "API rate limit exceeded"}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


def test_a_request_over_a_rate_limit_is_retried_when_github_allows_it(
    server: GitHubServer, pauses: list[float]
) -> None:
    server.refusals = [
        (429, SECONDARY, {"Retry-After": "17"}),
        (403, LIMITED, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 100)}),
        (403, SECONDARY, {}),
    ]
    write_comment("in the end")
    assert pauses == [17, pytest.approx(100, abs=2), 60]
    assert own_comments(server) == [f"{MARKER}\nin the end"]


def test_a_rate_limit_that_lasts_too_long_is_an_error_at_once(server: GitHubServer, pauses: list[float]) -> None:
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3600)}
    server.refusals = [(403, LIMITED, reset)]
    with pytest.raises(ActionableError, match=r"reached its rate limit.*403 API rate limit exceeded"):
        write_comment("never")
    assert pauses == []


def test_a_server_error_is_retried(server: GitHubServer, pauses: list[float]) -> None:
    server.refusals = [(502, None, {}), (503, {"message": "Unicorn!"}, {})]
    write_comment("in the end")
    assert pauses == [2]  # The first retry follows at once.
    assert len(own_comments(server)) == 1


def test_a_server_error_that_lasts_is_an_error(server: GitHubServer, pauses: list[float]) -> None:
    server.refusals = [(500, None, {})] * 100
    with pytest.raises(ActionableError, match=r"acme/boutique: GitHub rejected the request\. \(GitHub: 500\)"):
        write_comment("never")
    assert len(server.requests) == 6
    assert pauses == [2, 4, 8, 16]


@pytest.mark.usefixtures("pauses")
def test_a_comment_created_by_a_failed_request_is_not_created_twice(server: GitHubServer) -> None:
    def fail() -> None:
        server.comment(f"{MARKER}\nin the end")
        server.refusals = [(502, None, {})]

    server.after[f"GET {COMMENTS}"] = fail
    write_comment("in the end")
    assert len(own_comments(server)) == 1


def test_a_server_that_does_not_respond_is_named(
    server: GitHubServer, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    with pytest.raises(ActionableError, match=r"GitHub is not reachable at http://127\.0\.0\.1:1"):
        write_comment("never")
    assert len(pauses) == 4


def test_an_invalid_token_is_reported_and_not_shown(server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "an-old-token")
    with pytest.raises(ActionableError) as caught:
        write_comment("never")
    assert str(caught.value) == (
        "GITHUB_TOKEN is invalid or has expired. Create a new one. (GitHub: 401 Bad credentials)"
    )


@pytest.mark.usefixtures("server")
def test_a_missing_pull_request_is_an_error_that_names_the_repository() -> None:
    with pytest.raises(ActionableError) as caught:
        write_comment("never", pull_request=8)
    assert str(caught.value) == (
        "acme/boutique: not found, or GITHUB_TOKEN has no access. Check the repository and the number. "
        "(GitHub: 404 Not Found)"
    )


def test_a_request_that_the_token_does_not_allow_is_not_retried(server: GitHubServer, pauses: list[float]) -> None:
    server.refusals = [(403, {"message": "Resource not accessible by personal access token"}, {})]
    with pytest.raises(ActionableError, match="needs write access to pull requests and issues"):
        write_comment("never")
    assert pauses == []
    assert len(server.requests) == 1


def test_the_token_is_not_sent_to_another_host(server: GitHubServer) -> None:
    first_page = [server.comments[server.comment("Looks good to me.", SOMEBODY)]]
    server.refusals = [(200, first_page, {"Link": '<http://elsewhere.example/page/2>; rel="next"'})]
    with pytest.raises(AssertionError, match=r"elsewhere\.example"):
        write_comment("never")


def test_a_missing_token_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    with pytest.raises(ActionableError, match=r"GITHUB_TOKEN is not set: .* of acme/boutique"):
        Repository(REPOSITORY)
