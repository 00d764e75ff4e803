"""Reads a request's body as strict JSON, with exact decimal numbers."""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

MEDIA_TYPE = "application/json"

_MAXIMUM_EXACT = 2**53
"""Integers up to this are exact in every client. Source: RFC 8259 section 6."""


class JsonRequest(Request):
    """A request that only accepts JSON."""

    async def body(self) -> bytes:
        """Raises HTTPException with 415 if there is a body whose content type is not JSON."""
        body = await super().body()
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if body and media_type != MEDIA_TYPE:
            raise HTTPException(415, f"content-type: must be {MEDIA_TYPE}")
        return body

    async def json(self) -> Any:
        """Raises HTTPException with 400."""
        try:
            return json.loads(await self.body(), parse_float=_number, parse_constant=_refuse_constant)
        # Too many digits, too large an exponent and too deep a nesting raise these as well.
        except (ValueError, ArithmeticError, RecursionError):
            raise HTTPException(400, "the body is not valid JSON") from None


def _number(text: str) -> int | Decimal:
    """Returns an exact number. 6.0 is an integer, as in JSON Schema."""
    number = Decimal(text)
    return int(number) if abs(number) < _MAXIMUM_EXACT and number == number.to_integral_value() else number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class JsonRoute(APIRoute):
    """A route whose handler gets a JsonRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns FastAPI's handler of the route, called with a JsonRequest."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json
