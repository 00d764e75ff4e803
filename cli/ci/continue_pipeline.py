"""Continues a pipeline through CircleCI's API. Source: CircleCI's API v2, "Continue a pipeline"."""

import json
from collections.abc import Mapping
from pathlib import Path

import httpx

from cli.ci.parameters import Parameters, parameters
from cli.ci.repository import Repository
from cli.ci.run_locally import CONTINUE_FILE
from cli.ci.trigger import Trigger
from dev.errors import ActionableError

_API = "https://circleci.com/api/v2"
_TIMEOUT = 30.0  # seconds


def continue_pipeline(root: Path, environment: Mapping[str, str]) -> None:
    """Continues the pipeline of a setup job with the jobs that its change needs.

    Raises ActionableError if the pipeline's trigger makes no sense or CircleCI does not accept the continuation.
    """
    found = parameters(Repository.read(root), Trigger.read(environment))
    print(json.dumps(found, indent=2))
    post_continuation((root / CONTINUE_FILE).read_text(), found, environment)


def post_continuation(configuration: str, found: Parameters, environment: Mapping[str, str]) -> None:
    """Sends a configuration and the values of its parameters to CircleCI.

    Args:
        configuration: The YAML text to continue with.
        found: Values of the pipeline parameters that the configuration declares.
        environment: The job's environment variables. CIRCLE_CONTINUATION_KEY holds a key that CircleCI gives to a
            setup job for one use. CIRCLECI_API overrides the API's address.

    Raises:
        ActionableError: The key is missing, or CircleCI cannot be reached or rejects the request.
    """
    key = environment.get("CIRCLE_CONTINUATION_KEY")
    if not key:
        raise ActionableError("CIRCLE_CONTINUATION_KEY is not set: only CircleCI's setup jobs have one.")
    body = {"continuation-key": key, "configuration": configuration, "parameters": found}
    try:
        response = httpx.post(f"{environment.get('CIRCLECI_API', _API)}/pipeline/continue", json=body, timeout=_TIMEOUT)
    except httpx.HTTPError as error:
        raise ActionableError(f"CircleCI cannot be reached: {error}") from None
    if response.is_error:
        reason = response.text.replace(key, "[key]")
        raise ActionableError(f"CircleCI rejected the continuation: {response.status_code} {reason}")
