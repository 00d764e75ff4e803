"""Requests to the storefront, as cheap to make as can be: what is measured is the shop, not its client."""

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
    """One visitor with a session of their own, on one connection."""

    def __init__(self) -> None:
        self._connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
        self._cookie = f"shop_session-id={uuid.uuid4()}; shop_currency=EUR"

    def rest(self) -> None:
        """Lets go of the connection, which the server would close; the next request opens another."""
        self._connection.close()

    def home(self) -> None:
        self._request("GET", "/", expected=200)

    def fill_cart(self) -> None:
        for product in PRODUCTS:
            self._request("POST", "/cart", {"product_id": product, "quantity": "1"}, expected=302)

    def order(self) -> None:
        page = self._request("POST", "/cart/checkout", _ORDER)
        if b"tracking" not in page.lower():
            raise AssertionError("the answer to a checkout is no confirmation")

    def _request(
        self, method: str, path: str, form: dict[str, str] | None = None, expected: int | None = None
    ) -> bytes:
        body = urlencode(form) if form else None
        headers = {"Cookie": self._cookie, **(_FORM if form else {})}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        page = answer.read()
        location = answer.getheader("Location")
        if expected is None and location:
            return self._request("GET", location, expected=200)
        if answer.status != (expected or 200):
            raise AssertionError(f"{method} {path} answered {answer.status}")
        return page


def home_pages(visitors: int, each: int) -> Latencies:
    """That many visitors at once, each asking for the home page that many times."""
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
