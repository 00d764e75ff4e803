"""The simulated shopper. A request also fails if its page does not show what was requested."""

import logging
import random
import re
from collections.abc import Sequence
from typing import ClassVar

from locust import FastHttpUser, task

from boutique_contract.limits import ADDED_QUANTITY
from boutique_loadgenerator.storefront import A_PRODUCT, CART, CHECKOUT, CURRENCIES, ORDER, order_form

_log = logging.getLogger(__name__)
_random = random.Random()  # noqa: S311 (not used for security)


class Shopper(FastHttpUser):
    """Has the weights and wait times of Online Boutique's own load generator."""

    connection_timeout = 10.0
    network_timeout = 30.0
    product_ids: ClassVar[Sequence[str]] = ()
    wait_seconds: ClassVar[tuple[float, float]] = (1, 10)

    def wait_time(self) -> float:
        """Returns the seconds until the next task."""
        return _random.uniform(*self.wait_seconds)

    def on_start(self) -> None:
        """Starts at the home page."""
        self.index()

    @task(1)
    def index(self) -> None:
        """Opens the home page."""
        self._get("/", shows=A_PRODUCT)

    @task(2)
    def set_currency(self) -> None:
        """Switches to a random currency."""
        self._post("/setCurrency", {"currency_code": _random.choice(CURRENCIES)}, shows=A_PRODUCT)

    @task(10)
    def browse_product(self) -> None:
        """Opens the page of a random product."""
        self._browse(_random.choice(self.product_ids))

    @task(2)
    def add_to_cart(self) -> None:
        """Opens the page of a random product, and adds some of it to the cart."""
        product_id = _random.choice(self.product_ids)
        self._browse(product_id)
        quantity = str(_random.randint(ADDED_QUANTITY.minimum, ADDED_QUANTITY.maximum))
        self._post("/cart", {"product_id": product_id, "quantity": quantity}, shows=re.compile(re.escape(product_id)))

    @task(3)
    def view_cart(self) -> None:
        """Opens the cart."""
        self._get("/cart", shows=CART)

    @task(1)
    def checkout(self) -> None:
        """Adds a random product, and orders the cart."""
        self.add_to_cart()
        order = self._post(CHECKOUT, order_form(_random), shows=ORDER)
        if order:
            _log.info("order placed", extra={"order_id": order[1], "tracking_id": order[2]})

    def _browse(self, product_id: str) -> None:
        self._get(f"/product/{product_id}", name="/product/{id}", shows=re.compile(re.escape(product_id)))

    def _get(self, path: str, *, shows: re.Pattern[str], name: str | None = None) -> None:
        self._request("GET", path, name, None, shows)

    def _post(self, path: str, form: dict[str, str], *, shows: re.Pattern[str]) -> re.Match[str] | None:
        return self._request("POST", path, None, form, shows)

    def _request(
        self, method: str, path: str, name: str | None, form: dict[str, str] | None, shows: re.Pattern[str]
    ) -> re.Match[str] | None:
        """Returns what the page shows of `shows`. Redirects are followed, and are part of the request."""
        shown = None
        with self.client.request(method, path, name=name, data=form, catch_response=True) as response:
            if 0 < response.status_code < 400:
                shown = shows.search(response.text or "")
                if shown is None:
                    response.failure("the page does not show what was requested")
        return shown
