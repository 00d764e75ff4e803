"""Builds the web gateway's ASGI application: the web application's files, sessions, and forwarding to the API."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from boutique_runtime.assets import FOREVER, REVALIDATED, Asset
from boutique_runtime.reverse_proxy import BadGatewayError, GatewayTimeoutError, ReverseProxy
from boutique_runtime.security_headers import is_https, with_security_headers
from boutique_runtime.telemetry import current_request_id
from boutique_web_gateway.sessions import LIFETIME_SECONDS, Session, Sessions

SESSION_COOKIE = "session_id"

API_TIMEOUT = 25.0
"""In seconds. Longer than the API gateway's own timeouts, so that it reports which service is slow."""

_INDEX = "index.html"
# The build names these files by their content.
_HASHED = "assets/"
_PRIVATE = "private, no-cache"

_API = "/api/v1/"
_PICTURES = "/api/v1/content/"
_API_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_API_PATH = re.compile(r"/api/v1(/[!-~]+)+")


class Gateway:
    """Handles requests for pages and for the API."""

    def __init__(self, files: Mapping[str, Asset], sessions: Sessions, proxy: ReverseProxy) -> None:
        self._files = files
        self._sessions = sessions
        self._proxy = proxy

    async def page(self, request: Request) -> Response:
        """Returns a file, or the index page for any address that the application may handle in the browser."""
        path = request.path_params["path"]
        if path in self._files and path != _INDEX:
            return self._files[path].respond(request, FOREVER if path.startswith(_HASHED) else REVALIDATED)
        if PurePosixPath(path).suffix and path != _INDEX:
            raise HTTPException(404, f"no such file: /{path}")
        session = await self._session(request)
        response = self._files[_INDEX].respond(request, _PRIVATE)
        _set_cookie(request, response, session)
        return response

    async def api(self, request: Request) -> Response:
        """Forwards a request to the API gateway, with the session in a cookie except for pictures."""
        path = request.scope["raw_path"].decode("latin-1")
        if not _is_plain(path):
            raise HTTPException(404, f"not a valid path below {_API}")
        if path.startswith(_PICTURES):
            # Pictures are the same for everyone, so any cache on the way may keep them.
            return await self._proxy.forward(request, path, timeout_seconds=API_TIMEOUT, headers={"cookie": None})
        session = await self._session(request)
        cookie = f"{SESSION_COOKIE}={session.cookie}"
        response = await self._proxy.forward(request, path, timeout_seconds=API_TIMEOUT, headers={"cookie": cookie})
        if session.is_renewed:
            _set_cookie(request, response, session)
            response.headers["cache-control"] = "no-store"  # a cache must not give the cookie to others
        return response

    async def no_api(self, request: Request) -> Response:
        """Raises HTTPException with 404: without it, such a path would get the index page."""
        raise HTTPException(404, f"the API begins with {_API}")

    async def health(self, _: Request) -> Response:
        """Reports that the gateway runs, whatever the state of the store and the API gateway."""
        return JSONResponse({"healthy": True})

    async def _session(self, request: Request) -> Session:
        return await self._sessions.resume_or_start(request.cookies.get(SESSION_COOKIE, ""))


def create_application(files: Mapping[str, Asset], sessions: Sessions, proxy: ReverseProxy) -> ASGIApp:
    """Creates the application. `files` has the application's files by path, among them index.html."""
    gateway = Gateway(files, sessions, proxy)
    application = Starlette(
        routes=[
            Route("/healthz", gateway.health),
            Route("/_healthz", gateway.health),
            Route("/api/v1/{path:path}", gateway.api, methods=_API_METHODS),
            Route("/api", gateway.no_api, methods=_API_METHODS),
            Route("/api/{path:path}", gateway.no_api, methods=_API_METHODS),
            Route("/{path:path}", gateway.page),
        ],
        exception_handlers=dict.fromkeys(
            (HTTPException, BadGatewayError, GatewayTimeoutError, ClientDisconnect, Exception), _handle_error
        ),
    )
    application.router.redirect_slashes = False
    return with_security_headers(application)


def _is_plain(path: str) -> bool:
    """Returns whether everything between the browser and the API gateway resolves this path in the same way."""
    segments = [unquote(segment) for segment in path.split("/")[1:]]
    return _API_PATH.fullmatch(path) is not None and not any(
        segment in {"", ".", ".."} or "/" in segment or "\\" in segment for segment in segments
    )


def _set_cookie(request: Request, response: Response, session: Session) -> None:
    """Sets the cookie if it is due. Scripts may read it, since clients may send the session in a body."""
    if session.is_renewed:
        response.set_cookie(
            SESSION_COOKIE, session.cookie, max_age=LIFETIME_SECONDS, secure=is_https(request), samesite="lax"
        )


async def _handle_error(request: Request, error: Exception) -> Response:
    match error:
        case HTTPException(status_code=status, detail=reason, headers=headers):
            request.scope["reason"] = reason
            return _failure(request, status, reason, headers)
        case BadGatewayError() | GatewayTimeoutError():
            request.scope["reason"] = str(error)
            if isinstance(error, BadGatewayError):
                return _failure(request, 502, "the shop's services cannot be reached; please try again")
            return _failure(request, 504, "the shop's services did not respond in time; please try again")
        case ClientDisconnect():
            return Response(status_code=400)
        case _:
            return _failure(request, 500, f"internal error; the logs have it under {current_request_id()}")


def _failure(request: Request, status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    if f"{request.scope['path']}/".startswith("/api/"):
        return JSONResponse({"message": "failure", "reason": reason}, status, headers)
    return PlainTextResponse(f"{reason}\n", status, headers)
