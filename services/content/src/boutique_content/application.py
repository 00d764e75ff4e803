"""Builds the content service's ASGI application: its routes, headers and errors."""

import logging
import re
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from boutique_content.bucket import BucketError, BucketTimeoutError, Chunks, NoSuchPictureError
from boutique_content.conditions import read_conditions
from boutique_content.pictures import Pictures
from boutique_runtime.telemetry import current_request_id

_PATH = re.compile(r"/([a-z0-9][a-z0-9._-]{0,254})")

_HEADERS = {
    # An SVG that is opened as a page of its own may have scripts.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}
_PICTURE_HEADERS = {
    **_HEADERS,
    "accept-ranges": "bytes",
    # Pictures are the same for everyone, and may change with a release. Five minutes is about a visit; after that,
    # revalidation by ETag costs a response without content.
    "cache-control": "public, max-age=300, must-revalidate",
}
_FAILURE_HEADERS = {**_HEADERS, "cache-control": "no-store"}

_log = logging.getLogger(__name__)


def create_application(pictures: Pictures) -> Starlette:
    """Creates the application, which serves each picture at its name."""

    async def picture(request: Request) -> Response:
        path = _PATH.fullmatch(request.scope["path"])
        if path is None:
            raise NoSuchPictureError("the path is not the name of a picture")
        name = path[1]
        response = await pictures.get(name, read_conditions(request.method, request.headers))
        if response.status == 416:
            raise HTTPException(416, f"range: the picture {name} does not have these bytes", response.headers)
        headers = {**response.headers, **_PICTURE_HEADERS}
        if response.status == 304:
            headers.pop("content-length", None)
            return Response(status_code=304, headers=headers)
        if isinstance(response.content, bytes):
            return Response(response.content, response.status, headers)
        if request.method == "HEAD":
            response.content.close()
            return Response(status_code=response.status, headers=headers)
        return _Streamed(response.content, response.status, headers)

    application = Starlette(
        routes=[
            Route("/healthz", _health),
            Route("/_healthz", _health),
            Route("/{path:path}", picture),
        ]
    )
    for kind in (HTTPException, NoSuchPictureError, BucketError, Exception):
        application.add_exception_handler(kind, _handle_error)
    return application


async def _health(_: Request) -> Response:
    """Reports that the service runs, also without the bucket: no other replica would be better off without it."""
    return JSONResponse({"healthy": True}, headers=_FAILURE_HEADERS)


class _Streamed(StreamingResponse):
    def __init__(self, chunks: Chunks, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(chunks, status, headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except BucketError as error:
            # The response has started: closing the connection early is the only way left to report the error.
            _log.warning("the transfer broke off", extra={"path": scope["path"], "reason": str(error)})
        finally:
            self._chunks.close()


async def _handle_error(request: Request, error: Exception) -> Response:
    request.scope["reason"] = str(error)
    match error:
        case NoSuchPictureError():
            return _failure(404, "no such picture; see the filenames of products")
        case BucketTimeoutError():
            return _failure(504, "the bucket of pictures did not respond in time")
        case BucketError():
            return _failure(502, "the bucket of pictures cannot be read")
        case HTTPException(status_code=status, detail=detail):
            request.scope["reason"] = detail
            return _failure(status, detail, error.headers or {})
        case _:
            return _failure(500, "internal error", request_id=current_request_id())


def _failure(status: int, reason: str, headers: Mapping[str, str] | None = None, **more: str) -> Response:
    body = {"message": "failure", "reason": reason, **more}
    return JSONResponse(body, status, {**(headers or {}), **_FAILURE_HEADERS})
