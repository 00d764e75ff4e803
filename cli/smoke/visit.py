"""Sends a shopper's requests to one address. An error has the id of the failed request."""

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
"""Rounds of waiting for a shop, five minutes with pauses: DNS caches expire, and load balancers find their targets."""
_ATTEMPTS: Final = 4
"""Attempts of a later GET request: the addresses of a load balancer may become ready one after the other."""
_TRANSIENT: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})

_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")
_REQUEST_ID: Final = "x-request-id"
_ALERT: Final = re.compile(r'role="alert"[^>]*>(.*?)</(?:p|div)>', re.DOTALL)
_TAG: Final = re.compile(r"<[^>]+>")
_LONGEST_REASON: Final = 300


class FailedStepError(Exception):
    """Error for a failed step. The message has the address, the request and its id."""


class Visit:
    """A visit to a shop, with cookies. A context manager.

    Args:
        address: The address of the shop.
        pause: Waits for a number of seconds.

    Raises:
        ConfigError: If the address is invalid.
    """

    def __init__(self, address: str, pause: Callable[[float], object] = time.sleep) -> None:
        if not _ADDRESS.fullmatch(address):
            raise ConfigError(f"{address}: must be http://host or https://host, optionally with a port")
        self.address = address.rstrip("/")
        self._pause = pause
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def is_api(self) -> bool:
        """Waits for a storefront, and returns whether it serves an API or pages.

        Raises:
            FailedStepError: If no storefront responds in time.
        """
        last = ""
        for round_number in range(_ROUNDS):
            if round_number:
                self._pause(_PAUSE)
            try:
                response = self._client.get(f"{self.address}/healthz")
                if response.is_success and _json(response) == {"healthy": True}:
                    return self._follow(response, is_api=True)
                if response.status_code == HTTPStatus.NOT_FOUND:
                    response = self._client.get(f"{self.address}/_healthz")
                    if response.is_success:
                        return self._follow(response, is_api=False)
            except httpx.TransportError as error:
                last = _describe(error)
            else:
                last = f"GET {response.url.path} returned {response.status_code}"
        raise FailedStepError(f"{self.address}: no shop responded in {_ROUNDS} attempts: {last}")

    def _follow(self, response: httpx.Response, *, is_api: bool) -> bool:
        """Continues at the address of a redirect, since a redirected form would lose its content."""
        self.address = f"{response.url.scheme}://{response.url.netloc.decode()}"
        return is_api

    def get(self, step: str, path: str) -> httpx.Response:
        """Sends a GET request, and retries transient errors. Raises FailedStepError."""
        failure = FailedStepError()
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_PAUSE)
            try:
                return self.request(step, "GET", path)
            except _TransientError as error:
                failure = error
        raise failure

    def request(self, step: str, method: str, path: str, **content: Any) -> httpx.Response:
        """Sends a request once, since a failed request may have had an effect. Raises FailedStepError."""
        request_id = uuid.uuid4().hex
        headers = {_REQUEST_ID: request_id, **content.pop("headers", {})}
        try:
            response = self._client.request(method, f"{self.address}{path}", headers=headers, **content)
        except httpx.TransportError as error:
            raise _TransientError(self._message(step, method, path, _describe(error), request_id)) from None
        if response.is_success:
            return response
        outcome = f"returned {response.status_code}{_reason(response)}"
        kind = _TransientError if response.status_code in _TRANSIENT else FailedStepError
        raise kind(self._message(step, method, path, outcome, response.headers.get(_REQUEST_ID, request_id)))

    def unexpected(self, step: str, response: httpx.Response, missing: str) -> FailedStepError:
        """Returns the error for a successful response without the expected content."""
        outcome = f"returned {response.status_code}, but {missing}"
        request_id = response.headers.get(_REQUEST_ID, response.request.headers[_REQUEST_ID])
        return FailedStepError(self._message(step, response.request.method, response.url.path, outcome, request_id))

    def _message(self, step: str, method: str, path: str, outcome: str, request_id: str) -> str:
        return f"{self.address}: {step}: {method} {path}: {outcome} (request {request_id})"


class _TransientError(FailedStepError):
    """An error that may not happen again."""


def _describe(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _reason(response: httpx.Response) -> str:
    """Returns the reason in the shop's own words, if it has one."""
    content = _json(response)
    if isinstance(content, dict) and "reason" in content:
        return f": {content['reason']}"[:_LONGEST_REASON]
    if alert := _ALERT.search(response.text):
        return f": {' '.join(unescape(_TAG.sub(' ', alert[1])).split())}"[:_LONGEST_REASON]
    return ""
