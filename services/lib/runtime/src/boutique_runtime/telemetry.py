"""Structured logs, and the request id that connects the logs of all services about one request."""

import contextvars
import logging
import re
import sys
import uuid

from pythonjsonlogger.json import JsonFormatter

REQUEST_ID_KEY = "x-request-id"
"""The gRPC metadata key and the HTTP header with the request id."""

_request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def current_request_id() -> str:
    """Returns the id of the request that is being served, or an empty string."""
    return _request_id.get()


def begin_request(callers_id: str | None) -> str:
    """Sets and returns the request id of the current task: the caller's if it is valid, else a new one."""
    request_id = callers_id if callers_id and _VALID_ID.fullmatch(callers_id) else uuid.uuid4().hex
    _request_id.set(request_id)
    return request_id


def configure_logging(service: str, level: str) -> None:
    """Makes logs one JSON object per line on standard output, with the service's name and the request id."""
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
