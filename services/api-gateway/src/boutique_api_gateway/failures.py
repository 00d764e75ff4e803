"""How a failure is said: its status, a reason that a person can act on, and nothing of the inside."""

from collections.abc import Mapping
from typing import Any

import grpc
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import Scope

from boutique_api_gateway import card
from boutique_api_gateway.messages import Failure
from boutique_runtime.reverse_proxy import BadGatewayError, GatewayTimeoutError
from boutique_runtime.telemetry import current_request_id

RETRY_AFTER = {"retry-after": "1"}
"""Seconds until a client should try again what there was no room for."""

MEANINGS = {
    400: "The request is not as it must be, or was refused.",
    404: "There is no such thing.",
    409: "It cannot be done as things stand.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    416: "The file has no such range.",
    500: "A fault of ours; the logs have it under the request id.",
    502: "A service that this needs does not answer.",
    503: "There is too much to do.",
    504: "A service that this needs does not answer in time.",
}

_OF_NEIGHBOURS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 503,
    grpc.StatusCode.UNAVAILABLE: 502,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_READABLE = frozenset({400, 404, 409, 503})
"""Statuses for which a neighbour's own words are meant for the client."""

KINDS = (
    HTTPException,
    RequestValidationError,
    grpc.aio.AioRpcError,
    BadGatewayError,
    GatewayTimeoutError,
    ClientDisconnect,
    Exception,
)
"""What `answer` is for; all but the last are no fault of ours."""


def answer(scope: Scope, error: Exception) -> JSONResponse:
    """To the client; why, for the log, goes to the scope."""
    match error:
        case HTTPException(status_code=status, detail=reason):
            return failure(scope, status, reason, error.headers)
        case RequestValidationError():
            return failure(scope, 400, _first_mistake(error.errors()))
        case grpc.aio.AioRpcError():
            return _of_neighbour(scope, error)
        case BadGatewayError() | GatewayTimeoutError():
            status = 502 if isinstance(error, BadGatewayError) else 504
            answered = failure(scope, status, MEANINGS[status])
            scope["reason"] = str(error)
            return answered
        case ClientDisconnect():
            return failure(scope, 400, "the client left before the request had ended")
        case _:
            return failure(scope, 500, MEANINGS[500])


def failure(scope: Scope, status: int, reason: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    scope["reason"] = reason
    said = Failure(reason=reason, request_id=current_request_id() if status == 500 else None)
    return JSONResponse(said.model_dump(exclude_none=True), status, headers)


def _of_neighbour(scope: Scope, error: grpc.aio.AioRpcError) -> JSONResponse:
    status = _OF_NEIGHBOURS.get(error.code(), 500)
    details = error.details() or ""
    reason = card.refusal(details) if status in _READABLE and details else MEANINGS[status]
    answered = failure(scope, status, reason, RETRY_AFTER if status == 503 else None)
    scope["reason"] = f"{error.code().name}: {details}"
    return answered


def _first_mistake(mistakes: Any) -> str:
    """Where it is and what is allowed there, without what was given: that may be a card's number."""
    mistake = mistakes[0]
    place, *keys = mistake["loc"]
    if keys[-2:] == ["card", "number"]:
        return card.INVALID_NUMBER
    message = mistake["msg"]
    return f"{'.'.join(map(str, keys)) or place}: {message[:1].lower()}{message[1:]}"
