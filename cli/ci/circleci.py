"""The one thing that is asked of CircleCI: to go on. Source: CircleCI's API v2, "Continue a pipeline"."""

from collections.abc import Mapping

import httpx

from dev.errors import ActionableError

_API = "https://circleci.com/api/v2"
_TIMEOUT = 30.0  # seconds


def go_on(configuration: str, environment: Mapping[str, str]) -> None:
    """Raises ActionableError where there is no key, or where CircleCI refuses.

    The key is CIRCLE_CONTINUATION_KEY, which CircleCI gives to a setup job, for one use. CIRCLECI_API leads elsewhere.
    """
    key = environment.get("CIRCLE_CONTINUATION_KEY")
    if not key:
        raise ActionableError("CIRCLE_CONTINUATION_KEY is not set: only a setup job of CircleCI's has one.")
    body = {"continuation-key": key, "configuration": configuration, "parameters": {}}
    try:
        answer = httpx.post(f"{environment.get('CIRCLECI_API', _API)}/pipeline/continue", json=body, timeout=_TIMEOUT)
    except httpx.HTTPError as error:
        raise ActionableError(f"CircleCI cannot be asked to go on: {error}") from None
    if answer.is_error:
        told = answer.text.replace(key, "[key]")
        raise ActionableError(f"CircleCI does not go on: {answer.status_code} {told}")
