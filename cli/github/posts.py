"""One post of ours in a place: found again by a hidden marker, mended in place, and never two for long."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from cli.github.api import GONE, GitHub, RefusedError
from dev.errors import ActionableError

MARKER_BYTES: Final = 200
"""What a post has room for beside its body: no marker is longer."""

_ATTEMPTS: Final = 3
"""For somebody may delete what was found before it is mended."""


@dataclass(frozen=True)
class Post:
    """`number` orders posts by age; `address` is where a person reads it."""

    number: int
    address: str


class Place(Protocol):
    """Where posts are: a pull request's comments, or a repository's open issues."""

    def ours(self) -> Sequence[Post]:
        """The oldest first."""

    def create(self, body: str) -> Post: ...

    def mend(self, post: Post, body: str) -> None: ...

    def remove(self, post: Post) -> None: ...


@dataclass(frozen=True)
class Comments:
    """Those of a pull request that begin with the marker."""

    github: GitHub
    pull_request: int
    marker: str

    def ours(self) -> Sequence[Post]:
        listed = self.github.pages(f"/issues/{self.pull_request}/comments", {})
        return _ours(self.github, listed, self.marker, "id")

    def create(self, body: str) -> Post:
        content = {"body": f"{self.marker}\n{body}"}
        return _post(self.github.send("POST", f"/issues/{self.pull_request}/comments", content), "id")

    def mend(self, post: Post, body: str) -> None:
        self.github.send("PATCH", f"/issues/comments/{post.number}", {"body": f"{self.marker}\n{body}"})

    def remove(self, post: Post) -> None:
        self.github.send("DELETE", f"/issues/comments/{post.number}")


@dataclass(frozen=True)
class Issues:
    """The open ones that begin with the marker. GitHub lets nobody delete an issue by the REST API: it is closed."""

    github: GitHub
    title: str
    marker: str

    def ours(self) -> Sequence[Post]:
        listed = self.github.pages("/issues", {"state": "open"})
        # Every pull request is listed as an issue.
        issues = (one for one in listed if "pull_request" not in one)
        return _ours(self.github, issues, self.marker, "number")

    def create(self, body: str) -> Post:
        content = {"title": self.title, "body": f"{self.marker}\n{body}"}
        return _post(self.github.send("POST", "/issues", content), "number")

    def mend(self, post: Post, body: str) -> None:
        self.github.send("PATCH", f"/issues/{post.number}", {"body": f"{self.marker}\n{body}"})

    def remove(self, post: Post) -> None:
        self.github.send("PATCH", f"/issues/{post.number}", {"state": "closed", "state_reason": "not_planned"})

    def close(self, post: Post, words: str) -> None:
        self.github.send("POST", f"/issues/{post.number}/comments", {"body": words})
        self.github.send("PATCH", f"/issues/{post.number}", {"state": "closed", "state_reason": "completed"})


def publish(place: Place, body: str) -> Post:
    """Makes the post, or mends the one that is there. Of two that were made at once, the older stays.

    Raises ActionableError.
    """
    for _ in range(_ATTEMPTS):
        found = place.ours()
        created = None
        if not found:
            created = place.create(body)
            # Another may have done the same meanwhile, and a list may not have what was made a moment ago.
            found = sorted({created, *place.ours()}, key=lambda post: post.number)
        kept, *younger = found
        for post in younger:
            _done_unless_gone(partial(place.remove, post))
        if kept == created or _done_unless_gone(partial(place.mend, kept, body)):
            return kept
    raise ActionableError("The post was deleted each time that it was to be mended: nothing is left of it.")


def _ours(github: GitHub, listed: Iterable[Mapping[str, Any]], marker: str, key: str) -> Sequence[Post]:
    """Anybody may begin a post with the marker: that is left to whoever wrote it."""
    posts = [_post(one, key) for one in listed if (one["body"] or "").startswith(marker) and github.wrote(one["user"])]
    return sorted(posts, key=lambda post: post.number)


def _post(content: Mapping[str, Any], key: str) -> Post:
    return Post(content[key], content["html_url"])


def _done_unless_gone(do: Callable[[], None]) -> bool:
    try:
        do()
    except RefusedError as error:
        if error.status in GONE:
            return False
        raise
    return True
