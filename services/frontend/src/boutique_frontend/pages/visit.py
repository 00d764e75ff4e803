"""Currency and logout, and the plain-text paths for programs."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from boutique_frontend.forms import Form, InvalidFormError, is_own_address
from boutique_frontend.pages.rendering import PageRenderer
from boutique_frontend.visitor import CURRENCY_COOKIE, SESSION_COOKIE, set_cookie


class VisitPages:
    """The form that changes the currency."""

    def __init__(self, renderer: PageRenderer) -> None:
        self._renderer = renderer

    async def set_currency(self, request: Request, form: Form) -> Response:
        """Sets the currency and redirects to the previous page. Raises InvalidFormError if it is not on offer."""
        visitor = await self._renderer.visitor(request)
        shown = await self._renderer.shown_currencies()
        code = form.get("currency_code", "")
        if code not in shown:
            raise InvalidFormError({"currency_code": f"must be one of {', '.join(shown)}"})
        response = self._renderer.redirect(request, visitor, _previous_page(request))
        set_cookie(request, response, CURRENCY_COOKIE, code)
        return response


async def log_out(_: Request) -> Response:
    """Deletes the cookies and redirects to the home page."""
    response = RedirectResponse("/", status_code=302)
    response.delete_cookie(SESSION_COOKIE)
    response.delete_cookie(CURRENCY_COOKIE)
    return response


async def robots(_: Request) -> Response:
    """Returns robots.txt, which keeps crawlers away from pages of single visitors."""
    return PlainTextResponse("User-agent: *\nDisallow: /cart\nDisallow: /order/\nDisallow: /search\n")


async def health(_: Request) -> Response:
    """Reports that the storefront runs, whatever the state of the services behind it."""
    return PlainTextResponse("ok")


def _previous_page(request: Request) -> str:
    """Returns path and query of the page of this site that the visitor came from, or else the home page."""
    referer = request.headers.get("referer", "")
    if not is_own_address(request, referer):
        return "/"
    previous = urlsplit(referer)
    if not previous.path or previous.path.startswith("//"):
        return "/"
    # Browsers read a backslash as a slash; the redirect quotes it.
    return f"{previous.path}?{previous.query}" if previous.query else previous.path
