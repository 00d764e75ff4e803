"""The content service as an ASGI application: its routes, and what all its answers have in common."""

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

_OF_EVERY_ANSWER = {
    # For a picture that is opened as a page of its own: an SVG may hold scripts.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}
_OF_EVERY_PICTURE = {
    **_OF_EVERY_ANSWER,
    "accept-ranges": "bytes",
    # All see the same, so anybody may keep it. A picture may change under its name, with a release: for five minutes,
    # about a visit, it is asked for once; from then on a question by its ETag costs an answer without content.
    "cache-control": "public, max-age=300, must-revalidate",
}
_OF_EVERY_FAILURE = {**_OF_EVERY_ANSWER, "cache-control": "no-store"}

_log = logging.getLogger(__name__)


def create_application(pictures: Pictures) -> Starlette:
    async def picture(request: Request) -> Response:
        path = _PATH.fullmatch(request.scope["path"])
        if path is None:
            raise NoSuchPictureError("the path is no picture's name")
        name = path[1]
        answer = await pictures.get(name, read_conditions(request.method, request.headers))
        if answer.status == 416:
            raise HTTPException(416, f"range: the picture {name} has no such bytes", answer.headers)
        headers = {**answer.headers, **_OF_EVERY_PICTURE}
        if answer.status == 304:
            headers.pop("content-length", None)
            return Response(status_code=304, headers=headers)
        if isinstance(answer.content, bytes):
            return Response(answer.content, answer.status, headers)
        if request.method == "HEAD":
            answer.content.close()
            return Response(status_code=answer.status, headers=headers)
        return _Streamed(answer.content, answer.status, headers)

    application = Starlette(
        routes=[
            Route("/healthz", _health),
            Route("/_healthz", _health),
            Route("/{path:path}", picture),
        ]
    )
    for kind in (HTTPException, NoSuchPictureError, BucketError, Exception):
        application.add_exception_handler(kind, _answer_error)
    return application


async def _health(_: Request) -> Response:
    """Without a question to the bucket: were it away, no other replica would be better off."""
    return JSONResponse({"healthy": True}, headers=_OF_EVERY_FAILURE)


class _Streamed(StreamingResponse):
    def __init__(self, chunks: Chunks, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(chunks, status, headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except BucketError as error:
            # The answer has begun: that its connection ends before its content does is all that can be said.
            _log.warning("broken off", extra={"path": scope["path"], "reason": str(error)})
        finally:
            self._chunks.close()


async def _answer_error(request: Request, error: Exception) -> Response:
    request.scope["reason"] = str(error)
    match error:
        case NoSuchPictureError():
            return _failure(404, "there is no such picture: see the products' filenames")
        case BucketTimeoutError():
            return _failure(504, "the bucket of the pictures does not answer in time")
        case BucketError():
            return _failure(502, "the bucket of the pictures cannot be read")
        case HTTPException(status_code=status, detail=detail):
            request.scope["reason"] = detail
            return _failure(status, detail, error.headers or {})
        case _:
            return _failure(500, "internal error", request_id=current_request_id())


def _failure(status: int, reason: str, headers: Mapping[str, str] | None = None, **more: str) -> Response:
    said = {"message": "failure", "reason": reason, **more}
    return JSONResponse(said, status, {**(headers or {}), **_OF_EVERY_FAILURE})
