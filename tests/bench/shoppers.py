"""Sends requests to the storefront with as little CPU as possible, because the shop is measured, not its client."""

import http.client
import threading
import time
import uuid
from urllib.parse import urlencode

from tests.bench.timing import Latencies, seconds_taken

HOST, PORT = "127.0.0.1", 30080

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ORDER = {
    "email": "ada@example.com",
    "street_address": "12 Analytical Row",
    "zip_code": "10115",
    "city": "Berlin",
    "state": "Berlin",
    "country": "Germany",
    "credit_card_number": "4432-8015-6152-0454",
    "credit_card_expiration_month": "1",
    "credit_card_expiration_year": "2039",
    "credit_card_cvv": "672",
}
PRODUCTS = ("OLJCESPC7Z", "6E92ZMYYFZ")


class Shopper:
    """A visitor with a session and a connection."""

    def __init__(self) -> None:
        self._connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
        self._cookie = f"shop_session-id={uuid.uuid4()}; shop_currency=EUR"

    def disconnect(self) -> None:
        """Closes the connection before the server does. The next request opens another."""
        self._connection.close()

    def home(self) -> None:
        self._request("GET", "/", expected=200)

    def fill_cart(self) -> None:
        for product in PRODUCTS:
            self._request("POST", "/cart", {"product_id": product, "quantity": "1"}, expected=302)

    def order(self) -> None:
        page = self._request("POST", "/cart/checkout", _ORDER)
        if b"tracking" not in page.lower():
            raise AssertionError("the checkout did not return a confirmation")

    def _request(
        self, method: str, path: str, form: dict[str, str] | None = None, expected: int | None = None
    ) -> bytes:
        body = urlencode(form) if form else None
        headers = {"Cookie": self._cookie, **(_FORM if form else {})}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        page = response.read()
        location = response.getheader("Location")
        if expected is None and location:
            return self._request("GET", location, expected=200)
        if response.status != (expected or 200):
            raise AssertionError(f"{method} {path} returned {response.status}")
        return page


def home_pages(visitors: int, each: int) -> Latencies:
    """Measures home pages.

    Args:
        visitors: How many visitors there are at the same time.
        each: How many pages each of them requests.
    """
    seconds: list[float] = []

    def visit() -> None:
        shopper = Shopper()
        seconds.extend(seconds_taken(shopper.home) for _ in range(each))

    threads = [threading.Thread(target=visit) for _ in range(visitors)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Latencies(sorted(seconds), time.perf_counter() - started)
