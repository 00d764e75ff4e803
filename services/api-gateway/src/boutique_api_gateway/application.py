"""Builds the gateway's ASGI application from the table of routes."""

from collections.abc import Iterator

from fastapi import FastAPI, Request, Response
from fastapi.datastructures import Default
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp

from boutique_api_gateway import failures
from boutique_api_gateway.concurrency_limit import with_concurrency_limit
from boutique_api_gateway.json_bodies import JsonRoute
from boutique_api_gateway.metrics import Metrics, with_metrics
from boutique_api_gateway.openapi import responses, write_document
from boutique_api_gateway.routes import ROUTES, Route
from boutique_api_gateway.services import Services
from boutique_api_gateway.settings import GatewaySettings
from boutique_runtime.body_limit import with_body_limit

_NO_SUCH_PATH = "no such path; see cart, checkout, content, payment and product below /api/v1"


def _api_routes(route: Route) -> Iterator[JsonRoute]:
    returns_model = not isinstance(route.response, str)
    yield JsonRoute(
        route.path,
        route.handle,
        methods=[route.method],
        response_model=route.response if returns_model else None,
        response_class=Default(JSONResponse) if returns_model else Response,
        responses=responses(route),
        summary=route.summary,
        tags=[route.handle.__module__.rpartition(".")[2]],
        operation_id=f"{route.method.lower()}{route.path}",
    )
    if route.method == "GET":
        yield JsonRoute(route.path, route.handle, methods=["HEAD"], include_in_schema=False)


_API_ROUTES = [api_route for route in ROUTES for api_route in _api_routes(route)]
_DOCUMENT = write_document(_API_ROUTES)


def create_application(services: Services, settings: GatewaySettings) -> ASGIApp:
    """Creates the application. `settings` limit concurrent requests."""
    metrics = Metrics()
    # FastAPI's pages for the document would load scripts from other sites.
    application = FastAPI(
        routes=list(_API_ROUTES), openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    application.state.services = services
    application.state.metrics = metrics
    application.state.document = _DOCUMENT
    _add_error_handlers(application)
    limited = with_concurrency_limit(with_body_limit(application), settings.maximum_concurrent_requests)
    return with_metrics(limited, metrics)


def _add_error_handlers(application: FastAPI) -> None:
    async def handle(request: Request, error: Exception) -> Response:
        match error:
            case HTTPException(status_code=404, detail="Not Found"):
                error = HTTPException(404, _NO_SUCH_PATH)
            case HTTPException(status_code=405):
                methods = ", ".join(_methods(application, request))
                error = HTTPException(405, f"this path takes {methods}", {"allow": methods})
        return failures.respond(request.scope, error)

    for kind in failures.HANDLED_ERRORS:
        application.add_exception_handler(kind, handle)


def _methods(application: FastAPI, request: Request) -> list[str]:
    """Returns the methods of all routes with the request's path. The router itself names only those of the first."""
    matching = (route for route in application.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted(method for route in matching for method in getattr(route, "methods", ()))
