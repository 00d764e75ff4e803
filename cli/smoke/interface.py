"""An order at the second storefront, whose answers are JSON."""

import random
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx

from boutique_loadgenerator.storefront import order_form
from cli.smoke.visit import Visit

_API: Final = "/api/v1"
_chance: Final = random.SystemRandom()


def shop(visit: Visit) -> str:
    """Answers the order's id. Raises FailedStepError."""
    visit.get("home page", "/")
    documents = visit.get("products", f"{_API}/product/documents")
    product, price = _found(visit, "products", documents, "has none", lambda all_: (all_[0]["id"], all_[0]["price"]))
    page = visit.ask("product", "POST", f"{_API}/product/documents", json=[product])
    _found(visit, "product", page, f"does not have the product {product}", lambda found: found[0]["id"] == product)
    visit.ask("cart", "PUT", f"{_API}/cart/{product}/1")
    _check_cart(visit, "cart", {product: "1"})
    key = {"Idempotency-Key": uuid.uuid4().hex}
    order = visit.ask("order", "POST", f"{_API}/checkout/process", json=_order(price), headers=key)
    ids = _found(
        visit,
        "confirmation",
        order,
        "has no order with its tracking id",
        lambda receipt: receipt["tracking_id"] and receipt["order_id"],
    )
    _check_cart(visit, "cart after the order", {})
    return str(ids)


def _check_cart(visit: Visit, step: str, expected: dict[str, str]) -> None:
    cart = visit.ask(step, "POST", f"{_API}/cart", json={})
    _found(visit, step, cart, f"does not have {expected} in it", lambda answer: answer["data"] == expected)


def _order(amount: float) -> dict[str, Any]:
    """`amount` is in USD, as the product's price is."""
    form = order_form(_chance)
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


def _found(visit: Visit, step: str, answer: httpx.Response, missing: str, find: Callable[[Any], Any]) -> Any:
    """What `find` finds in an answer of JSON. Raises FailedStepError where that is nothing."""
    try:
        found = find(answer.json())
    except (ValueError, LookupError, TypeError):
        found = None
    if not found:
        raise visit.missed(step, answer, missing)
    return found
