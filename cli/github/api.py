"""Requests of GitHub's REST API that succeed, or say what is wrong. Source: docs.github.com/rest, of 2022-11-28."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, Self

import httpx

from dev.errors import ActionableError

_ENDPOINT: Final = "https://api.github.com"
_TIMEOUT: Final = 30.0
_PAGE: Final = 100
_ATTEMPTS: Final = 6
_LONGEST_WAIT: Final = 15 * 60.0
"""Seconds in all for which one request is held back by limits and faults: what a job can well wait."""
_SECONDARY_WAIT: Final = 60.0
"""Seconds, where GitHub names none. Source: "Rate limits for the REST API", exceeding the rate limit."""

GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class RefusedError(ActionableError):
    """GitHub does not do it; `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class GitHub:
    """With the token of GITHUB_TOKEN; GITHUB_API_URL may say where GitHub answers.

    `pause` waits for seconds, `clock` tells them since the epoch. A context manager. Raises ActionableError.
    """

    def __init__(
        self,
        repository: str,
        *,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not (token := os.environ.get("GITHUB_TOKEN")):
            raise ActionableError(
                f"GITHUB_TOKEN is not set: a token that may read and write pull requests and issues of {repository}."
            )
        self.repository = repository
        self._pause, self._clock = pause, clock
        self._client = httpx.Client(
            base_url=os.environ.get("GITHUB_API_URL", _ENDPOINT),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=_TIMEOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def wrote(self, author: Mapping[str, Any] | None) -> bool:
        """Whether the author is the token's user. An app's token has none: its posts are those of apps."""
        if author is None:  # who has left GitHub
            return False
        return bool(author["type"] == "Bot" if self._login is None else author["login"] == self._login)

    @cached_property
    def _login(self) -> str | None:
        try:
            return str(self._ask("GET", "/user").json()["login"])
        except RefusedError as error:
            if error.status == HTTPStatus.FORBIDDEN:
                return None
            raise

    def pages(self, path: str, parameters: Mapping[str, str]) -> Iterator[Any]:
        """What a list below the repository has, from all of its pages."""
        answer = self._ask("GET", self._below(path), params={**parameters, "per_page": str(_PAGE)})
        yield from answer.json()
        while following := answer.links.get("next", {}).get("url"):
            if httpx.URL(following).host != self._client.base_url.host:
                raise ActionableError(f"GitHub's answer goes on at another host, which is given no token: {following}")
            answer = self._ask("GET", following)
            yield from answer.json()

    def send(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """Below the repository. What was sent may have been done more than once where GitHub failed in between."""
        answer = self._ask(method, self._below(path), json=content)
        return answer.json() if answer.content else None

    def _below(self, path: str) -> str:
        return f"/repos/{self.repository}{path}"

    def _ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        left = _LONGEST_WAIT
        for attempt in range(_ATTEMPTS):
            failure: ActionableError
            try:
                answer = self._client.request(method, url, **options)
            except httpx.TransportError as error:
                failure, wait = (
                    ActionableError(f"GitHub does not answer at {self._client.base_url}: {error}"),
                    2.0**attempt,
                )
            else:
                if answer.is_success:
                    return answer
                failure, held = self._refusal(answer), self._held_for(answer, attempt)
                if held is None:
                    raise failure
                wait = held
            left -= wait
            if attempt + 1 == _ATTEMPTS or left < 0:
                raise failure
            self._pause(wait)
        raise AssertionError

    def _held_for(self, answer: httpx.Response, attempt: int) -> float | None:
        """Seconds after which the same may be asked again; None where that is of no use."""
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return 2.0**attempt
        if answer.status_code not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
            return None
        if (wait := answer.headers.get("retry-after", "")).isdecimal():
            return float(wait)
        if answer.headers.get("x-ratelimit-remaining") == "0" and (reset := answer.headers.get("x-ratelimit-reset")):
            return max(0.0, float(reset) - self._clock()) + 1
        limited = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or "secondary rate limit" in answer.text
        return _SECONDARY_WAIT * 2**attempt if limited else None

    def _refusal(self, answer: httpx.Response) -> RefusedError:
        return RefusedError(
            f"{self._refused_for(answer)} (GitHub: {answer.status_code} {_told(answer)})", answer.status_code
        )

    def _refused_for(self, answer: httpx.Response) -> str:
        path = answer.request.url.path
        match answer.status_code:
            case HTTPStatus.UNAUTHORIZED:
                return "GITHUB_TOKEN: GitHub does not know it, or it has expired: make a new one."
            case HTTPStatus.NOT_FOUND:
                return f"{path}: is not there, or GITHUB_TOKEN may not see it: check the repository and the number."
            case HTTPStatus.FORBIDDEN | HTTPStatus.TOO_MANY_REQUESTS if self._held_for(answer, 0) is not None:
                return "GITHUB_TOKEN: has used up its requests for now, and waiting for more would take too long."
            case HTTPStatus.FORBIDDEN:
                return f"{path}: GITHUB_TOKEN may not do this: it needs write access to pull requests and issues."
            case _:
                return f"{path}: GitHub does not do it."


def _told(answer: httpx.Response) -> str:
    try:
        message = answer.json()["message"]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
    return str(message)
