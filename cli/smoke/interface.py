"""Places an order at the storefront that serves a JSON API."""

import random
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx

from boutique_loadgenerator.storefront import order_form
from cli.smoke.visit import Visit

_API: Final = "/api/v1"
_random: Final = random.SystemRandom()


def shop(visit: Visit) -> str:
    """Places an order and returns its id. Raises FailedStepError."""
    visit.get("home page", "/")
    documents = visit.get("products", f"{_API}/product/documents")
    product, price = _find(
        visit, "products", documents, "has none", lambda products: (products[0]["id"], products[0]["price"])
    )
    page = visit.request("product", "POST", f"{_API}/product/documents", json=[product])
    _find(visit, "product", page, f"does not have the product {product}", lambda found: found[0]["id"] == product)
    visit.request("cart", "PUT", f"{_API}/cart/{product}/1")
    _check_cart(visit, "cart", {product: "1"})
    key = {"Idempotency-Key": uuid.uuid4().hex}
    order = visit.request("order", "POST", f"{_API}/checkout/process", json=_order(price), headers=key)
    ids = _find(
        visit,
        "confirmation",
        order,
        "has no order with its tracking id",
        lambda receipt: receipt["tracking_id"] and receipt["order_id"],
    )
    _check_cart(visit, "cart after the order", {})
    return str(ids)


def _check_cart(visit: Visit, step: str, expected: dict[str, str]) -> None:
    cart = visit.request(step, "POST", f"{_API}/cart", json={})
    _find(visit, step, cart, f"does not have {expected} in it", lambda content: content["data"] == expected)


def _order(amount: float) -> dict[str, Any]:
    """Returns an order. The amount is in US dollars, like the product's price."""
    form = order_form(_random)
    address = {
        "street_1": form["street_address"],
        "city": form["city"],
        "state": form["state"],
        "postal_code": form["zip_code"],
        "country": form["country"],
    }
    card = {
        "name": "Ada Lovelace",
        "number": form["credit_card_number"],
        "expiration": f"{int(form['credit_card_expiration_month']):02}/{form['credit_card_expiration_year'][-2:]}",
        "security_code": form["credit_card_cvv"],
        "postal_code": form["zip_code"],
    }
    return {
        "amount": amount,
        "email": form["email"],
        "shipping": {"address": address},
        "billing": {"address": address, "card": card},
    }


def _find(visit: Visit, step: str, response: httpx.Response, missing: str, find: Callable[[Any], Any]) -> Any:
    """Returns what `find` returns for the JSON of a response. Raises FailedStepError if it finds nothing."""
    try:
        found = find(response.json())
    except (ValueError, LookupError, TypeError):
        found = None
    if not found:
        raise visit.unexpected(step, response, missing)
    return found
