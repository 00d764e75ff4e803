"""Places an order at the storefront that serves pages."""

import random
from typing import Final

from boutique_loadgenerator.storefront import A_PRODUCT, CHECKOUT, ORDER, order_form
from cli.smoke.visit import Visit

_random: Final = random.SystemRandom()


def shop(visit: Visit) -> str:
    """Places an order and returns its id. Raises FailedStepError."""
    home = visit.get("home page", "/")
    shown = A_PRODUCT.search(home.text)
    if shown is None:
        raise visit.unexpected("home page", home, "shows no product")
    product = shown[1]
    page = visit.get("product", f"/product/{product}")
    if product not in page.text:
        raise visit.unexpected("product", page, f"does not show the product {product}")
    cart = visit.request("cart", "POST", "/cart", data={"product_id": product, "quantity": "1"})
    if product not in cart.text:
        raise visit.unexpected("cart", cart, f"does not show the product {product}")
    confirmation = visit.request("order", "POST", CHECKOUT, data=order_form(_random))
    order = ORDER.search(confirmation.text)
    if order is None:
        raise visit.unexpected("confirmation", confirmation, "shows no order with its tracking id")
    return order[1]
