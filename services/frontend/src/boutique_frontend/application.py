"""Builds the storefront's ASGI application: its routes, error pages, compression and security headers."""

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
from boutique_frontend.catalog import Catalog
from boutique_frontend.forms import Form, InvalidFormError, read_form
from boutique_frontend.pages import visit
from boutique_frontend.pages.cart import CartPages
from boutique_frontend.pages.catalog import CatalogPages
from boutique_frontend.pages.checkout import CheckoutPages
from boutique_frontend.pages.content import PageContent
from boutique_frontend.pages.rendering import PageRenderer
from boutique_frontend.pages.templates import Templates
from boutique_frontend.services import Services
from boutique_runtime.body_limit import with_body_limit
from boutique_runtime.http_status import page_status
from boutique_runtime.security_headers import with_security_headers


def create_application(services: Services) -> ASGIApp:
    """Creates the application with all its pages."""
    assets = Assets()
    templates = Templates(assets)
    catalog = Catalog(services, templates.render_grid)
    content = PageContent(services, catalog)
    renderer = PageRenderer(services, templates)
    catalog_pages = CatalogPages(services, catalog, content, renderer)
    cart_pages = CartPages(services, catalog, content, renderer, catalog_pages)
    checkout_pages = CheckoutPages(services, catalog, content, renderer)
    application = Starlette(
        routes=[
            Route("/", catalog_pages.home),
            Route("/search", catalog_pages.search),
            Route("/product/{product_id}", catalog_pages.product),
            Route("/product-meta/{ids}", catalog_pages.product_meta),
            Route("/cart", cart_pages.cart),
            _post("/cart", cart_pages.add),
            _post("/cart/quantity", cart_pages.set_quantity),
            _post("/cart/empty", cart_pages.empty),
            Route("/cart/checkout", checkout_pages.checkout),
            _post("/cart/checkout", checkout_pages.place_order),
            Route("/order/{receipt}", checkout_pages.order),
            _post("/setCurrency", visit.VisitPages(renderer).set_currency),
            Route("/logout", visit.log_out),
            Route("/robots.txt", visit.robots),
            Route("/_healthz", visit.health),
            Route("/static/{path:path}", assets.respond),
        ],
        exception_handlers=dict.fromkeys(
            (InvalidFormError, HTTPException, grpc.aio.AioRpcError, ClientDisconnect, Exception),
            _error_handler(renderer),
        ),
    )
    application.router.redirect_slashes = False
    return with_security_headers(GZipMiddleware(with_body_limit(application), compresslevel=1))


def _post(path: str, handle: Callable[[Request, Form], Awaitable[Response]]) -> Route:
    """Returns a route for a form, which is read and checked before its handler sees it."""

    async def endpoint(request: Request) -> Response:
        return await handle(request, await read_form(request))

    return Route(path, endpoint, methods=["POST"])


def _error_handler(renderer: PageRenderer) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        match error:
            case InvalidFormError():
                request.scope["reason"] = str(error)
                return await renderer.error(request, 422, str(error))
            case HTTPException(status_code=status, detail=detail):
                request.scope["reason"] = detail
                explanation = detail if detail != HTTPStatus(status).phrase else ""
                return await renderer.error(request, status, explanation, error.headers or {})
            case grpc.aio.AioRpcError():
                request.scope["reason"] = f"{error.code().name}: {error.details()}"
                status = page_status(error.code())
                return await renderer.error(request, status, (error.details() or "") if status == 422 else "")
            case ClientDisconnect():
                return Response(status_code=400)
            case _:
                return await renderer.error(request, 500)

    return handle
