"""Renders pages for a visitor: session cookie, currency, page frame and error pages."""

from collections.abc import Mapping, Sequence

import grpc
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from boutique_frontend.errors import STATUS_TEXTS
from boutique_frontend.pages.templates import Templates
from boutique_frontend.services import Services
from boutique_frontend.visitor import DEFAULT_CURRENCY, SESSION_COOKIE, Visitor, load_visitor, set_cookie
from boutique_runtime.refreshing import Refreshing
from boutique_runtime.telemetry import current_request_id

SHOWN_CURRENCIES = ("USD", "EUR", "CAD", "JPY", "GBP", "TRY")
CURRENCIES_FRESH_SECONDS = 60.0

NOT_STORED = {"cache-control": "no-store"}
_RETRY_AFTER_SECONDS = "5"


class PageRenderer:
    """Creates the responses of all pages."""

    def __init__(self, services: Services, templates: Templates) -> None:
        self._templates = templates
        self._currencies = Refreshing(services.supported_currencies, fresh_seconds=CURRENCIES_FRESH_SECONDS)

    async def visitor(self, request: Request) -> Visitor:
        """Returns the visitor of a request."""
        return load_visitor(request, await self.shown_currencies())

    async def shown_currencies(self) -> Sequence[str]:
        """Returns the currencies on offer, or only the default one if the currency service fails."""
        try:
            supported = await self._currencies.get()
        except grpc.aio.AioRpcError:
            # The catalog's own currency needs no conversion.
            return (DEFAULT_CURRENCY,)
        return [code for code in SHOWN_CURRENCIES if code in supported]

    async def page(
        self,
        request: Request,
        visitor: Visitor,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] = {},
        **context: object,
    ) -> Response:
        """Returns a page, with the session cookie for a new visitor. `context` has the template's variables."""
        html = self._templates.render(
            template, status=status, currency=visitor.currency, currencies=await self.shown_currencies(), **context
        )
        retry = {"retry-after": _RETRY_AFTER_SECONDS} if status == 503 else {}
        response = HTMLResponse(html, status, {"cache-control": "private, no-cache", **retry, **headers})
        return _with_session_cookie(request, response, visitor)

    def redirect(self, request: Request, visitor: Visitor, path: str) -> Response:
        """Redirects to a path of this site, with the session cookie for a new visitor."""
        return _with_session_cookie(request, RedirectResponse(path, status_code=302), visitor)

    async def error(self, request: Request, status: int, reason: str = "", headers: Mapping[str, str] = {}) -> Response:
        """Returns the error page. Without a reason, it explains the status."""
        title, explanation = STATUS_TEXTS.get(status, STATUS_TEXTS[500 if status >= 500 else 400])
        return await self.page(
            request,
            await self.visitor(request),
            "error.html",
            status=status,
            headers={**NOT_STORED, **headers},
            cart_count=None,
            title=title,
            explanation=reason or explanation,
            request_id=current_request_id(),
        )


def _with_session_cookie(request: Request, response: Response, visitor: Visitor) -> Response:
    if visitor.is_new:
        set_cookie(request, response, SESSION_COOKIE, visitor.session_id)
    return response
