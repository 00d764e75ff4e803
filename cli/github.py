"""Keeps one comment on a pull request, or one open issue, up to date on GitHub.

A hidden marker at the start of the body identifies a post, so that a later run updates it in place.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, Generic, TypeVar

import requests
from github import Auth, Github, GithubException, GithubRetry
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.NamedUser import NamedUser
from github.Organization import Organization

from dev.errors import ActionableError

MARKER_BYTES: Final = 200
"""Size reserved in a post's body for the marker. No marker is longer."""

_ENDPOINT: Final = "https://api.github.com"
_LONGEST_WAIT: Final = 15 * 60
"""Seconds to wait for a rate limit before giving up."""
_RETRY: Final = GithubRetry(
    total=5,
    backoff_factor=1,
    allowed_methods=None,  # all methods
    status_forcelist=[429, *range(500, 600)],
    raise_on_status=False,
    max_rate_limit_wait=_LONGEST_WAIT,
    retry_after_max=_LONGEST_WAIT,
)
_ATTEMPTS: Final = 3
"""Times to publish a post that somebody else deletes while it is updated."""

PostT = TypeVar("PostT", Issue, IssueComment)


class Repository:
    """A repository on GitHub.

    Reads the token from GITHUB_TOKEN. GITHUB_API_URL overrides the address of the API.

    Args:
        name: The owner and the name, such as `acme/boutique`.

    Raises:
        ActionableError: If GITHUB_TOKEN is not set.
    """

    def __init__(self, name: str) -> None:
        if not (token := os.environ.get("GITHUB_TOKEN")):
            raise ActionableError(
                f"GITHUB_TOKEN is not set: it needs read and write access to pull requests and issues of {name}."
            )
        self.name = name
        self.endpoint = os.environ.get("GITHUB_API_URL", _ENDPOINT)
        self._github = Github(
            auth=Auth.Token(token),
            base_url=self.endpoint,
            timeout=30,
            per_page=100,
            retry=_RETRY,
            # A run makes about five requests, so there is no need to slow them down.
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        )
        self.api = self._github.get_repo(name)

    def is_own(self, author: NamedUser | Organization | None) -> bool:
        """Returns whether the token's user wrote a post.

        The token of a GitHub App has no user, so the posts of all apps count as its own.
        """
        if author is None:  # whose account was deleted
            return False
        return author.type == "Bot" if self._login is None else author.login == self._login

    @cached_property
    def _login(self) -> str | None:
        try:
            return self._github.get_user().login
        except GithubException as error:
            if error.status == 403:
                return None
            raise

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Raises ActionableError in place of the errors of the client."""
        try:
            yield
        except GithubException as error:
            message = error.data.get("message") if isinstance(error.data, dict) else None
            reason = f"{error.status} {message or ''}".strip()
            raise ActionableError(f"{_explanation(error, self.name)} (GitHub: {reason})") from None
        except requests.RequestException as error:
            raise ActionableError(f"GitHub is not reachable at {self.endpoint}: {error}") from None


@dataclass(frozen=True)
class Place(Generic[PostT]):
    """A place for posts that start with a marker.

    Args:
        posts: Lists all posts there, including those of others.
        create: Creates a post with the given body.
        remove: Removes a post.
    """

    repository: Repository
    marker: str
    posts: Callable[[], Iterable[PostT]]
    create: Callable[[str], PostT]
    remove: Callable[[PostT], object]

    def own_posts(self) -> list[PostT]:
        """Returns the posts with the marker that the token's user wrote, oldest first."""
        found = [
            post
            for post in self.posts()
            if (post.body or "").startswith(self.marker)
            and self.repository.is_own(post.user)
            # GitHub lists pull requests as issues.
            and not (isinstance(post, Issue) and post.pull_request)
        ]
        return sorted(found, key=lambda post: post.id)


def comments(repository: Repository, pull_request: int, marker: str) -> Place[IssueComment]:
    """Returns the comments of a pull request."""
    issue = repository.api.get_issue(pull_request)
    return Place(repository, marker, issue.get_comments, issue.create_comment, IssueComment.delete)


def issues(repository: Repository, title: str, marker: str) -> Place[Issue]:
    """Returns the open issues of a repository. GitHub's API can't delete an issue, so removing one closes it."""
    return Place(
        repository,
        marker,
        posts=lambda: repository.api.get_issues(state="open"),
        create=lambda body: repository.api.create_issue(title, body),
        remove=lambda issue: issue.edit(state="closed", state_reason="not_planned"),
    )


def publish(place: Place[PostT], body: str) -> str:
    """Creates a post, or updates the existing one, and returns its address.

    Removes all but the oldest if two runs created one at the same time.

    Raises:
        ActionableError: If GitHub rejects a request, or somebody else deletes the post again and again.
    """
    marked = f"{place.marker}\n{body}"
    with place.repository.translated_errors():
        for _ in range(_ATTEMPTS):
            found: list[PostT] = place.own_posts()
            created = None if found else place.create(marked)
            if created:
                # Another run may have created one too, and a list may lag behind.
                found = place.own_posts()
                if all(post.id != created.id for post in found):
                    found.append(created)
                    found.sort(key=lambda post: post.id)
            oldest = found[0]
            for newer in found[1:]:
                _unless_deleted(partial(place.remove, newer))
            if (created and created.id == oldest.id) or _unless_deleted(partial(oldest.edit, body=marked)):
                return oldest.html_url
    raise ActionableError("The comment was deleted by someone else while being updated.")


def close(place: Place[Issue], comment: str) -> list[str]:
    """Closes the issues as completed, each with a comment, and returns their addresses.

    Raises:
        ActionableError: If GitHub rejects a request.
    """
    with place.repository.translated_errors():
        closed = place.own_posts()
        for issue in closed:
            issue.create_comment(comment)
            issue.edit(state="closed", state_reason="completed")
        return [issue.html_url for issue in closed]


def _unless_deleted(update: Callable[[], object]) -> bool:
    """Runs an update and returns False if its post no longer exists."""
    try:
        update()
    except GithubException as error:
        if error.status in {404, 410}:
            return False
        raise
    return True


def _explanation(error: GithubException, repository: str) -> str:
    match error.status:
        case 401:
            return "GITHUB_TOKEN is invalid or has expired. Create a new one."
        case 404:
            return f"{repository}: not found, or GITHUB_TOKEN has no access. Check the repository and the number."
        case 429:
            return _RATE_LIMITED
        case 403 if "rate limit" in str(error.data).lower():
            return _RATE_LIMITED
        case 403:
            return "GITHUB_TOKEN needs write access to pull requests and issues."
        case _:
            return f"{repository}: GitHub rejected the request."


_RATE_LIMITED: Final = "GITHUB_TOKEN has reached its rate limit, and the wait would be too long."
