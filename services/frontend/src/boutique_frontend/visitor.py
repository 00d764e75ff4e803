"""The visitor's session and currency, each in a cookie."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from boutique_runtime.security_headers import is_https

SESSION_COOKIE = "shop_session-id"
CURRENCY_COOKIE = "shop_currency"
COOKIE_SECONDS = 48 * 60 * 60
DEFAULT_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor, known by the session cookie, and the chosen currency."""

    session_id: str
    is_new: bool
    currency: str


def load_visitor(request: Request, shown_currencies: Sequence[str]) -> Visitor:
    """Returns the visitor of the cookies, with a new session and the default currency if they are invalid."""
    session_id = request.cookies.get(SESSION_COOKIE, "")
    is_known = _is_uuid(session_id)
    currency = request.cookies.get(CURRENCY_COOKIE, DEFAULT_CURRENCY)
    return Visitor(
        session_id=session_id if is_known else str(uuid.uuid4()),
        is_new=not is_known,
        currency=currency if currency in shown_currencies else DEFAULT_CURRENCY,
    )


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Sets a cookie that scripts cannot read, and that is sent only over HTTPS if the request was."""
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
