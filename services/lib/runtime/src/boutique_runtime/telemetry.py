"""Structured logs, and the request id that ties together what many services log about one request."""

import contextvars
import logging
import re
import sys
import uuid

from pythonjsonlogger.json import JsonFormatter

REQUEST_ID_KEY = "x-request-id"
"""gRPC metadata key and, in any case, HTTP header that carries the request id."""

_request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def current_request_id() -> str:
    """The id of the request that is being served, or an empty string outside of one."""
    return _request_id.get()


def begin_request(given: str | None) -> str:
    """Sets the request id for the current task: the caller's where it is fit to be logged, else a new one."""
    request_id = given if given and _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
    _request_id.set(request_id)
    return request_id


def configure_logging(service: str, level: str) -> None:
    """Logs one JSON object a line to standard output, each with the service's name and the request's id."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        JsonFormatter(
            "{message}{name}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"service": service},
        ),
    )
    handler.addFilter(_add_request_id)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _add_request_id(record: logging.LogRecord) -> bool:
    record.level = record.levelname.lower()
    if request_id := _request_id.get():
        record.request_id = request_id
    return True
