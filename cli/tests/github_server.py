"""A server that behaves like GitHub's REST API for the comments and issues of one repository."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cli.tests.http_server import serving

REPOSITORY = "acme/boutique"
TOKEN = "a-token-of-tests"
US = {"login": "boutique-bot", "type": "User"}
SOMEBODY = {"login": "ada", "type": "User"}
AN_APP = {"login": "github-actions[bot]", "type": "Bot"}

Answer = tuple[int, Any, Mapping[str, str]]
"""Status, content, headers."""


@dataclass
class GitHubServer:
    """Pull request 7 with its comments by id, and issues by number.

    Args:
        page: The largest number of items in a page of a list.
        user: The user of the token. None if the token is an app's.
        refusals: Responses to the next requests, in order.
        after: Functions by method and path. Each is called once, after the first such request.
        together: Holds back the first lists of comments until enough writers have asked for one.
    """

    address: str = ""
    page: int = 100
    user: Mapping[str, str] | None = field(default_factory=lambda: US)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Answer] = field(default_factory=list)
    after: dict[str, Callable[[], object]] = field(default_factory=dict)
    together: threading.Barrier | None = None
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    last: int = 0

    def comment(self, body: str, author: Mapping[str, str] | None = None) -> int:
        number = self._next()
        address = f"https://github.com/{REPOSITORY}/pull/7#issuecomment-{number}"
        self.comments[number] = {
            "id": number,
            "body": body,
            "user": author or self._author(),
            "html_url": address,
            "url": f"{self.address}/repos/{REPOSITORY}/issues/comments/{number}",
        }
        return number

    def issue(self, title: str, body: str | None, author: Mapping[str, str] | None = None, **more: Any) -> int:
        number = self._next()
        self.issues[number] = {
            "id": number,
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "user": author or self._author(),
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
            "url": f"{self.address}/repos/{REPOSITORY}/issues/{number}",
            "comments": [],
            **more,
        }
        return number

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments.values()]

    def answer(self, method: str, url: str, token: str, content: Any) -> Answer:
        path = urlsplit(url).path
        answer = self._answer_one(method, path, url, token, content)
        # After the answer, so that each writer has a list from before the other's comment.
        if self.together and (method, path) == ("GET", f"/repos/{REPOSITORY}/issues/7/comments"):
            self.together.wait(10)
            self.together = None
        return answer

    def _answer_one(self, method: str, path: str, url: str, token: str, content: Any) -> Answer:
        with self.lock:
            self.requests.append(f"{method} {path}")
            if self.refusals:
                return self.refusals.pop(0)
            if token != f"token {TOKEN}":
                return _refused(401, "Bad credentials")
            answer = self._answer(method, path, dict(parse_qsl(urlsplit(url).query)), content)
            if then := self.after.pop(f"{method} {path}", None):
                then()
            return answer

    def _answer(self, method: str, path: str, query: Mapping[str, str], content: Any) -> Answer:  # noqa: C901, PLR0911
        if path == "/user":
            return (200, self.user, {}) if self.user else _refused(403, "Resource not accessible by integration")
        match [method, *path.removeprefix(f"/repos/{REPOSITORY}/").split("/")]:
            case ["GET", "issues", "7", "comments"]:
                return self._listed(path, list(self.comments.values()), query)
            case ["POST", "issues", "7", "comments"]:
                return (201, self.comments[self.comment(content["body"])], {})
            case ["PATCH", "issues", "comments", number] if int(number) in self.comments:
                self.comments[int(number)] |= content
                return (200, self.comments[int(number)], {})
            case ["DELETE", "issues", "comments", number] if int(number) in self.comments:
                del self.comments[int(number)]
                return (204, None, {})
            case ["GET", "issues"]:
                listed = [issue for issue in self.issues.values() if issue["state"] == query["state"]]
                return self._listed(path, listed, query)
            case ["POST", "issues"]:
                return (201, self.issues[self.issue(**content)], {})
            case ["GET", "issues", number] if int(number) in self.issues:
                return (200, self.issues[int(number)], {})
            case ["PATCH", "issues", number] if int(number) in self.issues:
                self.issues[int(number)] |= content
                return (200, self.issues[int(number)], {})
            case ["POST", "issues", number, "comments"] if int(number) in self.issues:
                self.issues[int(number)]["comments"].append(content["body"])
                return (201, {"id": self._next()}, {})
        return _refused(404, "Not Found")

    def _listed(self, path: str, items: list[Any], query: Mapping[str, str]) -> Answer:
        number, size = int(query.get("page", "1")), min(self.page, int(query["per_page"]))
        rest = "".join(f"&{key}={value}" for key, value in query.items() if key != "page")
        following = f'<{self.address}{path}?page={number + 1}{rest}>; rel="next"'
        headers = {"Link": following} if number * size < len(items) else {}
        return 200, items[(number - 1) * size : number * size], headers

    def _author(self) -> Mapping[str, str]:
        return self.user or AN_APP

    def _next(self) -> int:
        self.last += 1
        return self.last


def _refused(status: int, message: str) -> Answer:
    return status, {"message": message, "documentation_url": "https://docs.github.com/rest"}, {}


@contextmanager
def serving_github() -> Iterator[GitHubServer]:
    github = GitHubServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            token = self.headers.get("Authorization", "")
            status, content, headers = github.answer(self.command, self.path, token, json.loads(body) if body else None)
            sent = json.dumps(content).encode() if content is not None else b""
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(sent))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = do_DELETE = respond  # noqa: N815 (as the server looks for them)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as github.address:
        yield github
