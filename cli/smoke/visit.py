"""A shopper's requests of one address: waited for at first, then each right, or told with the id of the request."""

import re
import time
import uuid
from collections.abc import Callable
from html import unescape
from http import HTTPStatus
from typing import Any, Final, Self

import httpx

from boutique_definition.validation import ConfigError

_TIMEOUT: Final = 30.0
_PAUSE: Final = 10.0
_ROUNDS: Final = 31
"""With the pauses between them five minutes, in which DNS forgets and a load balancer finds its targets healthy."""
_ATTEMPTS: Final = 4
"""Of what changes nothing, later: a load balancer may have several addresses, of which not all are ready at once."""
_PASSING: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})

_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")
_REQUEST_ID: Final = "x-request-id"
_ALERT: Final = re.compile(r'role="alert"[^>]*>(.*?)</(?:p|div)>', re.DOTALL)
_TAG: Final = re.compile(r"<[^>]+>")
_LONGEST_WORDS: Final = 300


class FailedStepError(Exception):
    """What a shopper could not do; the message says at which address, what was asked, and the request's id."""


class Visit:
    """With cookies, like a browser's. A context manager; `pause` waits for seconds."""

    def __init__(self, address: str, pause: Callable[[float], object] = time.sleep) -> None:
        """Raises ConfigError where the address is none."""
        if not _ADDRESS.fullmatch(address):
            raise ConfigError(f"{address}: must be http://host or https://host, with a port where there is one")
        self.address = address.rstrip("/")
        self._pause = pause
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def is_api(self) -> bool:
        """Whether it is the storefront of the API or that of pages, once either is there.

        Raises FailedStepError where none comes.
        """
        last = ""
        for round_number in range(_ROUNDS):
            if round_number:
                self._pause(_PAUSE)
            try:
                answer = self._client.get(f"{self.address}/healthz")
                if answer.is_success and _json(answer) == {"healthy": True}:
                    return self._settled(answer, is_api=True)
                if answer.status_code == HTTPStatus.NOT_FOUND:
                    answer = self._client.get(f"{self.address}/_healthz")
                    if answer.is_success:
                        return self._settled(answer, is_api=False)
            except httpx.TransportError as error:
                last = _described(error)
            else:
                last = f"GET {answer.url.path} is answered {answer.status_code}"
        raise FailedStepError(f"{self.address}: no shop came within {_ROUNDS} attempts: {last}")

    def _settled(self, answer: httpx.Response, *, is_api: bool) -> bool:
        """Goes on where a redirect led, as to HTTPS: a form that is redirected would lose what is in it."""
        self.address = f"{answer.url.scheme}://{answer.url.netloc.decode()}"
        return is_api

    def get(self, step: str, path: str) -> httpx.Response:
        """Raises FailedStepError where the answer is no success, even after a while."""
        failure = FailedStepError()
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_PAUSE)
            try:
                return self.ask(step, "GET", path)
            except _PassingError as error:
                failure = error
        raise failure

    def ask(self, step: str, method: str, path: str, **content: Any) -> httpx.Response:
        """What changes something is asked once: nobody knows what became of it. Raises FailedStepError."""
        request_id = uuid.uuid4().hex
        headers = {_REQUEST_ID: request_id, **content.pop("headers", {})}
        try:
            answer = self._client.request(method, f"{self.address}{path}", headers=headers, **content)
        except httpx.TransportError as error:
            raise _PassingError(self._words(step, method, path, _described(error), request_id)) from None
        if answer.is_success:
            return answer
        told = f"answered {answer.status_code}{_reason(answer)}"
        kind = _PassingError if answer.status_code in _PASSING else FailedStepError
        raise kind(self._words(step, method, path, told, answer.headers.get(_REQUEST_ID, request_id)))

    def missed(self, step: str, answer: httpx.Response, missing: str) -> FailedStepError:
        """Of an answer that is a success, and yet not what was asked for."""
        told = f"answered {answer.status_code}, but {missing}"
        request_id = answer.headers.get(_REQUEST_ID, answer.request.headers[_REQUEST_ID])
        return FailedStepError(self._words(step, answer.request.method, answer.url.path, told, request_id))

    def _words(self, step: str, method: str, path: str, told: str, request_id: str) -> str:
        return f"{self.address}: {step}: {method} {path}: {told} (request {request_id})"


class _PassingError(FailedStepError):
    """One that may be gone the next time."""


def _described(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _reason(answer: httpx.Response) -> str:
    """What the shop itself says of it, where it says anything."""
    content = _json(answer)
    if isinstance(content, dict) and "reason" in content:
        return f": {content['reason']}"[:_LONGEST_WORDS]
    if alert := _ALERT.search(answer.text):
        return f": {' '.join(unescape(_TAG.sub(' ', alert[1])).split())}"[:_LONGEST_WORDS]
    return ""
