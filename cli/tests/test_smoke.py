"""Tests the smoke test with storefronts that serve pages or a JSON API."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

import pytest

from boutique_development_servers.processes import free_port
from cli.main import run
from cli.smoke.run import smoke
from cli.tests.http_server import serving

PRODUCT = "OLJCESPC7Z"
PRICE = 19.99
ORDER = "3f0c1c7e-6a63-4b8f-9a0e-0d6d8b2f6f10"
TRACKING = "AB-12345-123456789"
ADDRESS_FIELDS = {"street_1", "city", "state", "postal_code", "country"}


@dataclass
class Shop:
    """A storefront with the carts of its sessions.

    Args:
        refusals: Responses to the next requests, by method and path.
        pages: Responses to all requests, by method and path.
        location: The address that every request is redirected to.
    """

    serves_json: bool
    address: str = ""
    carts: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    location: str = ""

    def refuse(self, request: str, *answers: tuple[int, str]) -> None:
        self.refusals[request] = list(answers)

    def answer(self, method: str, path: str, session: str, body: str) -> tuple[int, str]:
        request = f"{method} {path}"
        self.requests.append(request)
        if self.refusals.get(request):
            return self.refusals[request].pop(0)
        if request in self.pages:
            return 200, self.pages[request]
        cart = self.carts.setdefault(session, {})
        return self._json(request, cart, body) if self.serves_json else self._page(request, cart, body)

    def _page(self, request: str, cart: dict[str, str], body: str) -> tuple[int, str]:  # noqa: PLR0911
        form = dict(parse_qsl(body))
        match request:
            case "GET /_healthz":
                return 200, "ok"
            case "GET /":
                return 200, f'<a href="/product/{PRODUCT}">Sunglasses</a>'
            case "GET /product/OLJCESPC7Z":
                return 200, f'<input name="product_id" value="{PRODUCT}">'
            case "POST /cart" if form == {"product_id": PRODUCT, "quantity": "1"}:
                cart[PRODUCT] = "1"
                return 302, "/cart"
            case "GET /cart":
                return 200, f"<h1>Your cart</h1>{' '.join(cart)}"
            case "POST /cart/checkout" if cart and form["credit_card_number"] == "4432-8015-6152-0454":
                cart.clear()
                return 302, f"/order/{ORDER}"
            case _ if request == f"GET /order/{ORDER}":
                return 200, f"<dd>{ORDER}</dd> <dd>{TRACKING}</dd>"
        return 404, '<p class="lead" role="alert">There is <b>nothing</b> here.</p>'

    def _json(self, request: str, cart: dict[str, str], body: str) -> tuple[int, str]:  # noqa: PLR0911
        content: Any = json.loads(body) if body else None
        product = {"id": PRODUCT, "name": "Sunglasses", "price": PRICE}
        match request:
            case "GET /healthz":
                return 200, json.dumps({"healthy": True})
            case "GET /":
                return 200, "<div id=root></div>"
            case "GET /api/v1/product/documents":
                return 200, json.dumps([product])
            case "POST /api/v1/product/documents" if content == [PRODUCT]:
                return 200, json.dumps([product])
            case "PUT /api/v1/cart/OLJCESPC7Z/1":
                cart[PRODUCT] = "1"
                return 200, json.dumps({"message": "success"})
            case "POST /api/v1/cart":
                return 200, json.dumps({"message": "success", "data": cart})
            case "POST /api/v1/checkout/process" if cart and _is_valid(content):
                cart.clear()
                return 200, json.dumps({"message": "success", "order_id": ORDER, "tracking_id": TRACKING})
        return 404, json.dumps({"message": "failure", "reason": f"{request}: there is nothing here"})


def _is_valid(order: Mapping[str, Any]) -> bool:
    """Validates an order like the API gateway."""
    shipping, billing = order["shipping"]["address"], order["billing"]["address"]
    card = order["billing"]["card"]
    month, _, year = card["expiration"].partition("/")
    return (
        order["amount"] == PRICE
        and shipping.keys() == billing.keys() == ADDRESS_FIELDS
        and card["number"] == "4432-8015-6152-0454"
        and 1 <= int(month) <= 12
        and len(month) == len(year) == 2
    )


@contextmanager
def served(shop: Shop) -> Iterator[Shop]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            session = SimpleCookie(self.headers.get("Cookie", "")).get("session_id")
            visitor = session.value if session else uuid.uuid4().hex
            shop.ids.append(self.headers["x-request-id"] or "")
            status, content = shop.answer(self.command, self.path, visitor, body)
            if shop.location:
                status, content = 301, f"{shop.location}{self.path}"
            self.send_response(status)
            if session is None:
                self.send_header("Set-Cookie", f"session_id={visitor}; Path=/")
            if status in {301, 302}:
                self.send_header("Location", content)
            self.send_header("x-request-id", self.headers["x-request-id"] or "of the shop")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        do_GET = do_POST = do_PUT = respond  # noqa: N815 (as the server looks for them)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as shop.address:
        yield shop


@pytest.fixture
def pages() -> Iterator[Shop]:
    with served(Shop(serves_json=False)) as shop:
        yield shop


@pytest.fixture
def interface() -> Iterator[Shop]:
    with served(Shop(serves_json=True)) as shop:
        yield shop


@pytest.fixture(params=[False, True], ids=["pages", "json"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with served(Shop(serves_json=request.param)) as shop:
        yield shop


@pytest.fixture
def pauses() -> list[float]:
    return []


def test_a_storefront_with_pages_sells(pages: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke([pages.address], pauses.append) == 0
    assert capsys.readouterr().out == f"{pages.address}: sold: order {ORDER}\n"
    assert pages.requests[2:] == [
        "GET /",
        f"GET /product/{PRODUCT}",
        "POST /cart",
        "GET /cart",
        "POST /cart/checkout",
        f"GET /order/{ORDER}",
    ]
    assert pauses == []


def test_a_storefront_with_an_api_sells(
    interface: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke([interface.address], pauses.append) == 0
    assert capsys.readouterr().out == f"{interface.address}: sold: order {ORDER}\n"
    assert interface.requests[1:] == [
        "GET /",
        "GET /api/v1/product/documents",
        "POST /api/v1/product/documents",
        f"PUT /api/v1/cart/{PRODUCT}/1",
        "POST /api/v1/cart",
        "POST /api/v1/checkout/process",
        "POST /api/v1/cart",
    ]
    assert pauses == []


def test_every_address_is_tested_and_one_failure_fails_the_command(
    pages: Shop, interface: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    pages.refuse("POST /cart", (500, "Oh no"))
    assert smoke([f"{pages.address}/", interface.address], pauses.append) == 1
    output = capsys.readouterr()
    assert output.out == f"{interface.address}: sold: order {ORDER}\n"
    assert output.err.startswith(f"{pages.address}: cart: POST /cart: returned 500 (request ")


def test_a_load_balancer_without_targets_is_waited_for(shop: Shop, pauses: list[float]) -> None:
    shop.refuse("GET /healthz", (503, ""), (502, ""), (404, "default backend"))
    shop.refuse("GET /_healthz", (404, "default backend"))
    assert smoke([shop.address], pauses.append) == 0
    assert pauses == [10.0] * 3


def test_a_shop_that_never_responds_is_reported_with_the_last_response(
    shop: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    shop.refuse("GET /healthz", *[(503, "")] * 100)
    assert smoke([shop.address], pauses.append) == 1
    assert capsys.readouterr().err == (f"{shop.address}: no shop responded in 31 attempts: GET /healthz returned 503\n")
    assert sum(pauses) == 300


def test_a_refused_connection_is_reported(pauses: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke([f"http://127.0.0.1:{free_port()}"], pauses.append) == 1
    assert "no shop responded in 31 attempts: [Errno 111] Connection refused" in capsys.readouterr().err


def test_a_transient_error_is_retried(shop: Shop, pauses: list[float]) -> None:
    shop.refuse("GET /", (503, ""), (504, ""))
    assert smoke([shop.address], pauses.append) == 0
    assert pauses == [10.0] * 2


def test_a_lasting_error_is_reported_with_the_id_of_the_last_request(
    shop: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    shop.refuse("GET /", *[(503, "")] * 100)
    assert smoke([shop.address], pauses.append) == 1
    assert len(pauses) == 3
    assert capsys.readouterr().err == (f"{shop.address}: home page: GET /: returned 503 (request {shop.ids[-1]})\n")


def test_an_order_is_never_sent_twice(pages: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    pages.refuse("POST /cart/checkout", (503, '<p role="alert">We could not <b>confirm</b> it &amp; so on.</p>'))
    assert smoke([pages.address], pauses.append) == 1
    assert pages.requests.count("POST /cart/checkout") == 1
    assert (
        "order: POST /cart/checkout: returned 503: We could not confirm it & so on. (request" in capsys.readouterr().err
    )


def test_a_rejection_by_the_api_is_reported_with_its_reason(
    interface: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = json.dumps({"message": "failure", "reason": "Invalid card number"})
    interface.refuse("POST /api/v1/checkout/process", (400, refusal))
    assert smoke([interface.address], pauses.append) == 1
    message = "order: POST /api/v1/checkout/process: returned 400: Invalid card number (request"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("GET /", "home page: GET /: returned 200, but shows no product"),
        (f"GET /product/{PRODUCT}", f"product: GET /product/{PRODUCT}: returned 200, but does not show the product"),
        ("GET /cart", "cart: GET /cart: returned 200, but does not show the product"),
        (f"GET /order/{ORDER}", f"confirmation: GET /order/{ORDER}: returned 200, but shows no order"),
    ],
)
def test_a_page_without_the_expected_content_is_reported(
    pages: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str], request_: str, message: str
) -> None:
    pages.pages[request_] = "<h1>Welcome to the load balancer</h1>"
    assert smoke([pages.address], pauses.append) == 1
    error = capsys.readouterr().err
    assert message in error
    assert f"(request {pages.ids[-1]})" in error


@pytest.mark.parametrize("content", ["<h1>Welcome</h1>", "[]", "{}", "null", '{"data": {"OTHER": "1"}}'])
@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("GET /api/v1/product/documents", "products: GET /api/v1/product/documents: returned 200, but has none"),
        ("POST /api/v1/product/documents", "but does not have the product OLJCESPC7Z"),
        ("POST /api/v1/cart", "cart: POST /api/v1/cart: returned 200, but does not have {'OLJCESPC7Z': '1'} in it"),
        (
            "POST /api/v1/checkout/process",
            "confirmation: POST /api/v1/checkout/process: returned 200, but has no order",
        ),
    ],
)
def test_json_without_the_expected_content_is_reported(
    interface: Shop, pauses: list[float], capsys: pytest.CaptureFixture[str], request_: str, message: str, content: str
) -> None:
    interface.pages[request_] = content
    assert smoke([interface.address], pauses.append) == 1
    assert message in capsys.readouterr().err


def test_a_redirect_of_all_requests_is_followed_once(shop: Shop, pauses: list[float]) -> None:
    redirect = Shop(serves_json=False, location=shop.address)
    with served(redirect):
        assert smoke([redirect.address], pauses.append) == 0
    assert redirect.requests == ["GET /healthz"] + ([] if shop.serves_json else ["GET /_healthz"])


@pytest.mark.parametrize(
    "address", ["shop.example.com", "ftp://shop.example.com", "https://shop.example.com/path", "https://"]
)
def test_an_invalid_address_is_rejected_before_any_request(
    address: str, pages: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["smoke", pages.address, address]) == 1
    assert capsys.readouterr().err.strip() == (
        f"{address}: must be http://host or https://host, optionally with a port"
    )
    assert pages.requests == []
