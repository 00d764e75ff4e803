"""The gateway as an ASGI application, made from the table of routes."""

from collections.abc import Iterator

from fastapi import FastAPI, Request, Response
from fastapi.datastructures import Default
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp

from boutique_api_gateway import failures
from boutique_api_gateway.json_bodies import JsonRoute
from boutique_api_gateway.limits import with_body_limit, with_concurrency_limit
from boutique_api_gateway.metrics import Metrics, with_metrics
from boutique_api_gateway.openapi import responses, write_document
from boutique_api_gateway.routes import ROUTES, Route
from boutique_api_gateway.services import Services
from boutique_api_gateway.settings import GatewaySettings

_NO_SUCH_PATH = "there is no such path; the services are cart, checkout, content, payment and product, below /api/v1"


def _api_routes(route: Route) -> Iterator[JsonRoute]:
    is_json_of_model = not isinstance(route.answers, str)
    yield JsonRoute(
        route.path,
        route.handle,
        methods=[route.method],
        response_model=route.answers if is_json_of_model else None,
        response_class=Default(JSONResponse) if is_json_of_model else Response,
        responses=responses(route),
        summary=route.does,
        tags=[route.handle.__module__.rpartition(".")[2]],
        operation_id=f"{route.method.lower()}{route.path}",
    )
    if route.method == "GET":
        yield JsonRoute(route.path, route.handle, methods=["HEAD"], include_in_schema=False)


_API_ROUTES = [api_route for route in ROUTES for api_route in _api_routes(route)]
_DOCUMENT = write_document(_API_ROUTES)


def create_application(services: Services, settings: GatewaySettings) -> ASGIApp:
    metrics = Metrics()
    # The pages that FastAPI can make of the document would load scripts from elsewhere.
    application = FastAPI(
        routes=list(_API_ROUTES), openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    application.state.services = services
    application.state.metrics = metrics
    application.state.document = _DOCUMENT
    _answer_failures(application)
    limited = with_concurrency_limit(
        with_body_limit(application, settings.maximum_body_bytes), settings.maximum_concurrent_requests
    )
    return with_metrics(limited, metrics)


def _answer_failures(application: FastAPI) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        match error:
            case HTTPException(status_code=404, detail="Not Found"):
                error = HTTPException(404, _NO_SUCH_PATH)
            case HTTPException(status_code=405):
                methods = ", ".join(_methods(application, request))
                error = HTTPException(405, f"this path takes {methods}", {"allow": methods})
        return failures.answer(request.scope, error)

    for kind in failures.KINDS:
        application.add_exception_handler(kind, answer)


def _methods(application: FastAPI, request: Request) -> list[str]:
    """Of all routes with the request's path; the router's own answer names those of the first alone."""
    matching = (route for route in application.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted(method for route in matching for method in getattr(route, "methods", ()))
