"""The storefront as an ASGI application: its routes, and what all its answers have in common."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import grpc
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from boutique_frontend.assets import Assets
from boutique_frontend.errors import http_status
from boutique_frontend.forms import Form, InvalidFormError, read_form
from boutique_frontend.pages import Pages
from boutique_frontend.rendering import Templates
from boutique_frontend.services import Services
from boutique_runtime.browsers import with_security_headers


def create_application(services: Services) -> ASGIApp:
    assets = Assets()
    pages = Pages(services, Templates(assets))
    application = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/search", pages.search),
            Route("/product/{product_id}", pages.product),
            Route("/product-meta/{ids}", pages.product_meta),
            Route("/cart", pages.cart),
            _post("/cart", pages.add_to_cart),
            _post("/cart/quantity", pages.set_quantity),
            _post("/cart/empty", pages.empty_cart),
            Route("/cart/checkout", pages.checkout),
            _post("/cart/checkout", pages.place_order),
            Route("/order/{receipt}", pages.order),
            _post("/setCurrency", pages.set_currency),
            Route("/logout", pages.log_out),
            Route("/robots.txt", pages.robots),
            Route("/_healthz", pages.health),
            Route("/static/{path:path}", assets.respond),
        ],
    )
    application.router.redirect_slashes = False
    _answer_errors(application, pages)
    return with_security_headers(GZipMiddleware(application, compresslevel=1))


def _post(path: str, handle: Callable[[Request, Form], Awaitable[Response]]) -> Route:
    """A route that is reached with a form alone, read and checked before its handler sees it."""

    async def endpoint(request: Request) -> Response:
        return await handle(request, await read_form(request))

    return Route(path, endpoint, methods=["POST"])


def _answer_errors(application: Starlette, pages: Pages) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        match error:
            case InvalidFormError():
                request.scope["reason"] = str(error)
                return await pages.error(request, 422, str(error))
            case HTTPException(status_code=status, detail=detail):
                request.scope["reason"] = detail
                own_words = detail if detail != HTTPStatus(status).phrase else ""
                return await pages.error(request, status, own_words, error.headers or {})
            case grpc.aio.AioRpcError():
                request.scope["reason"] = f"{error.code().name}: {error.details()}"
                status = http_status(error.code())
                return await pages.error(request, status, (error.details() or "") if status == 422 else "")
            case ClientDisconnect():
                return Response(status_code=400)
            case _:
                return await pages.error(request, 500)

    for kind in (InvalidFormError, HTTPException, grpc.aio.AioRpcError, ClientDisconnect, Exception):
        application.add_exception_handler(kind, answer)
