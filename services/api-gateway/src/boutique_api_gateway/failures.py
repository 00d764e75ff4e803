"""Turns errors into responses: a status, and a reason that a person can act on, without internal details."""

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
from boutique_runtime.http_status import api_status
from boutique_runtime.reverse_proxy import BadGatewayError, GatewayTimeoutError
from boutique_runtime.telemetry import current_request_id

RETRY_AFTER = {"retry-after": "1"}
"""Seconds that clients should wait after a request was refused for overload."""

REASONS = {
    400: "The request is invalid, or was refused.",
    404: "Not found.",
    409: "The request conflicts with the current state.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    416: "The file does not have this range.",
    500: "Internal error; the logs have it under the request id.",
    502: "A backend service is not available.",
    503: "The gateway is overloaded.",
    504: "A backend service did not respond in time.",
}

_STATUSES_WITH_DETAILS = frozenset({400, 404, 409, 503})
"""Statuses for which the service's own message is meant for the client."""

HANDLED_ERRORS = (
    HTTPException,
    RequestValidationError,
    grpc.aio.AioRpcError,
    BadGatewayError,
    GatewayTimeoutError,
    ClientDisconnect,
    Exception,
)
"""Errors that `respond` is called for. Only the last, Exception, stands for bugs."""


def respond(scope: Scope, error: Exception) -> JSONResponse:
    """Returns the response. The reason for the log goes into the scope."""
    match error:
        case HTTPException(status_code=status, detail=reason):
            return failure(scope, status, reason, error.headers)
        case RequestValidationError():
            return failure(scope, 400, _first_error(error.errors()))
        case grpc.aio.AioRpcError():
            return _backend_failure(scope, error)
        case BadGatewayError() | GatewayTimeoutError():
            status = 502 if isinstance(error, BadGatewayError) else 504
            response = failure(scope, status, REASONS[status])
            scope["reason"] = str(error)
            return response
        case ClientDisconnect():
            return failure(scope, 400, "the client disconnected")
        case _:
            return failure(scope, 500, REASONS[500])


def failure(scope: Scope, status: int, reason: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Returns the response, and leaves the reason in the scope for the log."""
    scope["reason"] = reason
    body = Failure(reason=reason, request_id=current_request_id() if status == 500 else None)
    return JSONResponse(body.model_dump(exclude_none=True), status, headers)


def _backend_failure(scope: Scope, error: grpc.aio.AioRpcError) -> JSONResponse:
    status = api_status(error.code())
    details = error.details() or ""
    reason = card.refusal(details) if status in _STATUSES_WITH_DETAILS and details else REASONS[status]
    response = failure(scope, status, reason, RETRY_AFTER if status == 503 else None)
    scope["reason"] = f"{error.code().name}: {details}"
    return response


def _first_error(errors: Any) -> str:
    """Returns the place and what is allowed there, without the value, which may be a card number."""
    error = errors[0]
    place, *keys = error["loc"]
    if keys[-2:] == ["card", "number"]:
        return card.INVALID_NUMBER
    message = error["msg"]
    return f"{'.'.join(map(str, keys)) or place}: {message[:1].lower()}{message[1:]}"
