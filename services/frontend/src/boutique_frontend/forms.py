"""Reads posted forms: refuses posts from other sites, and checks fields."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from boutique_contract.rules import IntegerRule

MAXIMUM_FIELDS = 100

_FORM = "application/x-www-form-urlencoded"

Form = Mapping[str, str]


class InvalidFormError(Exception):
    """Raised for invalid fields. `problems` has a message by field name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = problems


async def read_form(request: Request) -> Form:
    """Returns the posted fields, and the first value of repeated ones.

    Raises HTTPException with 400, 403, 413 or 415.
    """
    _refuse_cross_site(request)
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != _FORM:
        raise HTTPException(415, f"A form is sent as {_FORM}.")
    try:
        return parse_fields(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise HTTPException(400, "The form is not valid UTF-8.") from None


def parse_fields(encoded: str) -> Form:
    """Parses a form or a query, and returns the first value of repeated fields.

    Raises HTTPException with 400.
    """
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_FIELDS)
    except UnicodeDecodeError:
        raise HTTPException(400, "The fields are not valid UTF-8.") from None
    except ValueError:
        raise HTTPException(400, f"There are more than {MAXIMUM_FIELDS} fields.") from None
    return dict(reversed(pairs))


def read_product_id(form: Form) -> str:
    """Raises InvalidFormError."""
    if product_id := form.get("product_id", ""):
        return product_id
    raise InvalidFormError({"product_id": "is needed"})


def read_quantity(form: Form, rule: IntegerRule) -> int:
    """Raises InvalidFormError."""
    value = form.get("quantity", "").strip()
    if not rule.accepts_text(value):
        raise InvalidFormError({"quantity": rule.message})
    return int(value)


def is_own_address(request: Request, address: str) -> bool:
    """Returns whether the address belongs to the site that the request was sent to."""
    try:
        return urlsplit(address).netloc == request.headers.get("host")
    except ValueError:
        return False


def _refuse_cross_site(request: Request) -> None:
    """Raises HTTPException for a post from another site.

    Browsers send where a post comes from. Other clients may not, but they hold no other user's cookies.
    """
    headers = request.headers
    if site := headers.get("sec-fetch-site"):
        same_site = site in {"same-origin", "none"}
    elif source := headers.get("origin") or headers.get("referer"):
        same_site = is_own_address(request, source)
    else:
        same_site = True
    if not same_site:
        raise HTTPException(403, "This request was sent by another site, so it was not carried out.")
