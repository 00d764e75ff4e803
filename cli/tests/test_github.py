"""A post of ours on GitHub: one, in its place, whatever else happens there; and what is told where it can't be."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from cli.github.api import GitHub
from cli.github.posts import Comments, Issues, publish
from cli.tests.github import AN_APP, REPOSITORY, SOMEBODY, GitHubServer
from dev.errors import ActionableError

MARKER = "<!-- ours -->"
COMMENTS = f"/repos/{REPOSITORY}/issues/7/comments"
NOW = 1_000_000.0


@dataclass
class Clock:
    """Seconds since the epoch, which pass while somebody waits and only then."""

    now: float = NOW
    pauses: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(server: GitHubServer, clock: Clock) -> Iterator[Callable[[str], GitHub]]:
    opened = []

    def open_(repository: str = REPOSITORY) -> GitHub:
        opened.append(GitHub(repository, pause=clock.pause, clock=lambda: clock.now))
        return opened[-1]

    yield open_
    for github in opened:
        with github:
            pass


@pytest.fixture
def comments(opened: Callable[..., GitHub]) -> Comments:
    return Comments(opened(), 7, MARKER)


def ours(server: GitHubServer) -> list[str]:
    return [body for body in server.bodies if body.startswith(MARKER)]


def test_a_comment_is_made_once_and_then_mended_in_place(server: GitHubServer, comments: Comments) -> None:
    server.comment("Looks good to me.", SOMEBODY)
    first = publish(comments, "one stack")
    second = publish(comments, "two stacks")
    assert first == second
    assert server.bodies == ["Looks good to me.", f"{MARKER}\ntwo stacks"]


def test_it_is_found_on_a_later_page(server: GitHubServer, comments: Comments) -> None:
    server.page = 2
    for number in range(5):
        server.comment(f"remark {number}", SOMEBODY)
    publish(comments, "before")
    publish(comments, "after")
    assert ours(server) == [f"{MARKER}\nafter"]
    assert server.requests.count(f"GET {COMMENTS}") == 3 + 3 + 3


def test_one_that_was_deleted_is_made_anew(server: GitHubServer, comments: Comments) -> None:
    publish(comments, "before")
    server.comments.clear()
    publish(comments, "after")
    assert ours(server) == [f"{MARKER}\nafter"]


def test_one_that_is_deleted_after_it_was_found_is_made_anew(server: GitHubServer, comments: Comments) -> None:
    publish(comments, "before")
    server.after[f"GET {COMMENTS}"] = server.comments.clear
    publish(comments, "after")
    assert ours(server) == [f"{MARKER}\nafter"]


def test_whoever_deletes_it_each_time_is_told_of(server: GitHubServer, comments: Comments) -> None:
    def delete() -> None:
        server.comments.clear()
        server.comment(f"{MARKER}\nbefore")
        server.after[f"GET {COMMENTS}"] = delete

    delete()
    with pytest.raises(ActionableError, match="deleted each time"):
        publish(comments, "after")


def test_two_at_once_leave_the_older(server: GitHubServer, opened: Callable[..., GitHub]) -> None:
    server.together = threading.Barrier(2)
    writers = [
        threading.Thread(target=partial(publish, Comments(opened(), 7, MARKER), body)) for body in ("one", "two")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert server.requests.count(f"POST {COMMENTS}") == 2
    assert len(ours(server)) == 1
    assert min(server.comments) == 1


def test_of_two_that_are_there_the_younger_goes(server: GitHubServer, comments: Comments) -> None:
    server.comment(f"{MARKER}\nolder")
    server.comment(f"{MARKER}\nyounger")
    publish(comments, "after")
    assert server.comments.keys() == {1}
    assert ours(server) == [f"{MARKER}\nafter"]


@pytest.mark.parametrize("body", [f"{MARKER}\nforged", f"> {MARKER}\n> quoted"])
def test_what_another_wrote_is_left_alone(server: GitHubServer, comments: Comments, body: str) -> None:
    server.comment(body, SOMEBODY)
    publish(comments, "ours")
    assert server.bodies == [body, f"{MARKER}\nours"]


def test_what_somebody_wrote_who_has_left_is_left_alone(server: GitHubServer, comments: Comments) -> None:
    server.comments[server.comment(f"{MARKER}\nold")]["user"] = None
    publish(comments, "ours")
    assert len(server.comments) == 2


def test_the_token_of_an_app_which_has_no_user_finds_what_apps_wrote(server: GitHubServer, comments: Comments) -> None:
    server.user = None
    server.comment(f"{MARKER}\nforged", SOMEBODY)
    server.comment(f"{MARKER}\nbefore", AN_APP)
    publish(comments, "after")
    assert server.bodies == [f"{MARKER}\nforged", f"{MARKER}\nafter"]


def test_an_issue_is_not_taken_from_pull_requests_or_closed_ones(
    server: GitHubServer, opened: Callable[..., GitHub]
) -> None:
    server.issue("a pull request", f"{MARKER}\n", pull_request={})
    server.issue("a closed one", f"{MARKER}\n", state="closed")
    server.issue("one without a body", None)
    issues = Issues(opened(), "Drift", MARKER)
    publish(issues, "before")
    publish(issues, "after")
    assert [issue["title"] for issue in server.issues.values()][3:] == ["Drift"]
    assert server.issues[4]["body"] == f"{MARKER}\nafter"


def test_of_two_issues_the_younger_is_closed_as_not_planned(
    server: GitHubServer, opened: Callable[..., GitHub]
) -> None:
    server.issue("Drift", f"{MARKER}\nolder")
    server.issue("Drift", f"{MARKER}\nyounger")
    publish(Issues(opened(), "Drift", MARKER), "after")
    assert [(issue["state"], issue.get("state_reason")) for issue in server.issues.values()] == [
        ("open", None),
        ("closed", "not_planned"),
    ]


# Limits and faults

LIMITED = {"message": "API rate limit exceeded"}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


def test_a_limit_is_waited_out_for_as_long_as_github_says(
    server: GitHubServer, comments: Comments, clock: Clock
) -> None:
    server.refusals = [
        (429, SECONDARY, {"Retry-After": "17"}),
        (403, LIMITED, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 100)}),
        (403, SECONDARY, {}),
    ]
    publish(comments, "after all")
    assert clock.pauses == [17, 100 - 17 + 1, 60 * 4]
    assert ours(server) == [f"{MARKER}\nafter all"]


def test_a_limit_that_lasts_too_long_is_told_of_at_once(server: GitHubServer, comments: Comments, clock: Clock) -> None:
    server.refusals = [(403, LIMITED, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 3600)})]
    with pytest.raises(ActionableError, match=r"has used up its requests for now.*403 API rate limit exceeded"):
        publish(comments, "never")
    assert clock.pauses == []


def test_faults_of_github_are_tried_again_a_few_times(server: GitHubServer, comments: Comments, clock: Clock) -> None:
    server.refusals = [(502, None, {}), (503, {"message": "Unicorn!"}, {})]
    publish(comments, "after all")
    assert clock.pauses == [1, 2]
    assert len(ours(server)) == 1


def test_faults_that_do_not_end_are_told_of(server: GitHubServer, comments: Comments, clock: Clock) -> None:
    server.refusals = [(500, None, {})] * 100
    with pytest.raises(ActionableError, match=r"GitHub does not do it\. \(GitHub: 500 Internal Server Error\)"):
        publish(comments, "never")
    assert len(server.requests) == 6
    assert clock.pauses == [1, 2, 4, 8, 16]


def test_a_comment_that_was_made_though_github_failed_is_not_made_twice(
    server: GitHubServer, comments: Comments
) -> None:
    def fail() -> None:
        server.comment(f"{MARKER}\nafter all")
        server.refusals = [(502, None, {})]

    server.after[f"GET {COMMENTS}"] = fail
    publish(comments, "after all")
    assert len(ours(server)) == 1


def test_where_nobody_answers_that_is_told(comments: Comments, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    nobody = Comments(GitHub(REPOSITORY, pause=clock.pause), 7, MARKER)
    with pytest.raises(ActionableError, match=r"GitHub does not answer at http://127\.0\.0\.1:1"):
        publish(nobody, "never")
    assert len(clock.pauses) == 5


def test_a_token_that_is_not_known_is_told_and_not_shown(
    server: GitHubServer, opened: Callable[..., GitHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "an-old-token")
    with pytest.raises(ActionableError) as caught:
        publish(Comments(opened(), 7, MARKER), "never")
    assert str(caught.value) == (
        "GITHUB_TOKEN: GitHub does not know it, or it has expired: make a new one. (GitHub: 401 Bad credentials)"
    )


def test_a_pull_request_that_is_not_there_is_told_by_its_number(opened: Callable[..., GitHub]) -> None:
    with pytest.raises(ActionableError) as caught:
        publish(Comments(opened(), 8, MARKER), "never")
    assert str(caught.value) == (
        "/repos/acme/boutique/issues/8/comments: is not there, or GITHUB_TOKEN may not see it: check the repository "
        "and the number. (GitHub: 404 Not Found)"
    )


def test_what_the_token_may_not_do_is_told_without_waiting(
    server: GitHubServer, comments: Comments, clock: Clock
) -> None:
    server.refusals = [(403, {"message": "Resource not accessible by personal access token"}, {})]
    with pytest.raises(ActionableError, match="it needs write access to pull requests and issues"):
        publish(comments, "never")
    assert clock.pauses == []


def test_a_list_that_goes_on_elsewhere_is_not_followed_with_the_token(server: GitHubServer, comments: Comments) -> None:
    server.refusals = [(200, [], {"Link": '<http://elsewhere.example/page/2>; rel="next"'})]
    with pytest.raises(ActionableError, match=r"at another host, which is given no token: http://elsewhere\.example"):
        publish(comments, "never")


def test_without_a_token_that_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    with pytest.raises(ActionableError, match=r"GITHUB_TOKEN is not set: .* of acme/boutique"):
        GitHub(REPOSITORY)
