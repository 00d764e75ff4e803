"""The load generator, with a fake storefront that follows the contract."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from boutique_contract import limits
from boutique_development_servers.processes import free_port
from boutique_loadgenerator.settings import LoadSettings

Start = Callable[..., subprocess.Popen[str]]

ORIGINAL_PRODUCTS = {
    "OLJCESPC7Z",
    "66VCHSJNUP",
    "1YMWWN1N4O",
    "L9ECAV7KIM",
    "2ZYFJ3GM2N",
    "0PUK6V6EV0",
    "LS4PSXUNUM",
    "9SIQT8TOJO",
    "6E92ZMYYFZ",
}
TEXT_RULES = {
    "email": limits.EMAIL_ADDRESS,
    "street_address": limits.STREET_ADDRESS,
    "zip_code": limits.POSTAL_CODE,
    "city": limits.CITY,
    "state": limits.STATE,
    "country": limits.COUNTRY,
    "credit_card_number": limits.CARD_NUMBER,
    "credit_card_cvv": limits.SECURITY_CODE,
}
NUMBER_RULES = {
    "credit_card_expiration_month": limits.EXPIRATION_MONTH,
    "credit_card_expiration_year": limits.EXPIRATION_YEAR,
}
HERE = '<dl><dt>Order</dt><dd id="order-id">{order}</dd><dt>Tracking</dt><dd>{tracking}</dd></dl>'
ORIGINAL = "<div>Confirmation #</div>\n<div>\n {order}\n</div><div>Tracking #</div><div>\n {tracking}\n</div>"


class Storefront(ThreadingHTTPServer):
    """Has carts and orders by session, in memory. `broken` names wrong pages, `placed` has what was ordered."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.carts: dict[str, list[str]] = defaultdict(list)
        self.placed: dict[str, str] = {}
        self.visited: set[str] = set()
        self.order_page = HERE
        self.redirects_to_order = True
        self.broken: set[str] = set()
        self.unhealthy_responses = 0
        self.is_busy = threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Storefront

    def do_GET(self) -> None:
        if self.server.unhealthy_responses:
            self.server.unhealthy_responses -= self.path == "/_healthz"
            self._send(503, "not yet")
        elif self.path == "/_healthz":
            self._send(200, "ok")
        elif self.path == "/":
            self._page("".join(f'<a href="/product/{id_}">' for id_ in ORIGINAL_PRODUCTS))
        elif self.path.startswith("/product/"):
            product_id = self.path.removeprefix("/product/")
            self.server.visited.add(product_id)
            self._page(f"<h1>{'the wrong product' if 'product' in self.server.broken else product_id}</h1>")
        elif self.path == "/cart":
            self._page("<h1>Cart</h1>" + " ".join(self.server.carts[self.session]))
        elif self.path.startswith("/order/"):
            order = self.path.removeprefix("/order/")
            self._page(self.server.order_page.format(order=order, tracking=self.server.placed[order]))

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        cart = self.server.carts[self.session]
        if (
            self.path == "/cart"
            and form["product_id"] in ORIGINAL_PRODUCTS
            and limits.ADDED_QUANTITY.accepts_text(form["quantity"])
        ):
            cart.append(form["product_id"])
            self._send(302, "", location="/cart")
        elif self.path == "/setCurrency" and form["currency_code"] in {"USD", "EUR", "CAD", "JPY", "GBP", "TRY"}:
            self._send(302, "", location="/")
        elif self.path == "/cart/checkout" and cart and _is_valid(form):
            cart.clear()
            if "checkout" in self.server.broken:
                self._page("<h1>Something is missing</h1>")
                return
            order, tracking = str(uuid.uuid4()), "AB-12345-123456789"
            self.server.placed[order] = tracking
            if self.server.redirects_to_order:
                self._send(302, "", location=f"/order/{order}")
            else:
                self._page(self.server.order_page.format(order=order, tracking=tracking))
        else:
            self._send(422, "no")

    @property
    def session(self) -> str:
        cookies = SimpleCookie(self.headers.get("cookie", ""))
        if "shop_session-id" not in cookies:
            cookies["shop_session-id"] = str(uuid.uuid4())
        return cookies["shop_session-id"].value

    def _page(self, content: str) -> None:
        """Sends a page with ids of session and request, as every page of Online Boutique has them."""
        if sum(map(len, self.server.carts.values())) > 5:
            self.server.is_busy.set()
        self._send(200, f"<html>{uuid.uuid4()}{content}<footer>{self.session} - {uuid.uuid4()}</footer></html>")

    def _send(self, status: int, body: str, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if "shop_session-id" not in self.headers.get("cookie", ""):
            self.send_header("set-cookie", f"shop_session-id={uuid.uuid4()}; Path=/; HttpOnly; SameSite=Lax")
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


def _is_valid(form: dict[str, str]) -> bool:
    return (
        all(rule.accepts(form[name]) for name, rule in TEXT_RULES.items())
        and all(rule.accepts_text(form[name]) for name, rule in NUMBER_RULES.items())
        and form["credit_card_number"] == "4432-8015-6152-0454"
        and int(form["credit_card_expiration_year"]) > date.today().year  # noqa: DTZ011
    )


@pytest.fixture
def storefront() -> Iterator[Storefront]:
    with Storefront() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a load generator that does not wait, with an address and other variables."""
    with ExitStack() as stack:

        def start(address: str, **variables: str) -> subprocess.Popen[str]:
            hurried = {"USERS": "10", "RATE": "100", "MINIMUM_WAIT_SECONDS": "0", "MAXIMUM_WAIT_SECONDS": "0"}
            process = subprocess.Popen(
                [sys.executable, "-m", "boutique_loadgenerator"],
                env={"PATH": os.environ["PATH"], "FRONTEND_ADDR": address, **hurried, **variables},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def outcome(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    """Returns the exit status, and the JSON of each line of output."""
    output, _ = process.communicate(timeout=60)
    return process.returncode, [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize(("order_page", "redirects_to_order"), [(HERE, True), (ORIGINAL, False)])
def test_shoppers_use_all_pages_and_the_summary_counts_every_order(
    storefront: Storefront, start: Start, order_page: str, redirects_to_order: bool
) -> None:
    storefront.order_page, storefront.redirects_to_order = order_page, redirects_to_order
    status, lines = outcome(start(storefront.address, RUN_REQUESTS="250"))
    summary = lines[-1]
    assert status == 0
    assert summary["errors"] == {}
    assert summary["failures"] == 0
    assert 250 <= summary["requests"] < 300
    assert 0 < summary["p50_ms"] <= summary["p95_ms"]
    assert summary["orders"] == len(storefront.placed) > 0
    reported = {line["order_id"]: line["tracking_id"] for line in lines if line.get("message") == "order placed"}
    assert reported == storefront.placed
    pages = summary["pages"]
    assert pages.keys() == {
        "GET /",
        "GET /cart",
        "GET /product/{id}",
        "POST /cart",
        "POST /cart/checkout",
        "POST /setCurrency",
    }
    assert storefront.visited == ORIGINAL_PRODUCTS


def test_tasks_have_the_weights_of_online_boutique() -> None:
    # In a process of its own: Locust changes the standard library of the one that it is in.
    count = "from boutique_loadgenerator.shopper import Shopper; print(*(task.__name__ for task in Shopper.tasks))"
    output = subprocess.run([sys.executable, "-c", count], capture_output=True, text=True, check=True).stdout
    assert Counter(output.split()) == {
        "index": 1,
        "set_currency": 2,
        "browse_product": 10,
        "add_to_cart": 2,
        "view_cart": 3,
        "checkout": 1,
    }


def test_a_page_without_what_was_requested_is_a_failure(storefront: Storefront, start: Start) -> None:
    storefront.broken |= {"checkout", "product"}
    status, lines = outcome(start(storefront.address, RUN_REQUESTS="250"))
    summary = lines[-1]
    assert status == 1
    failures = {name: page["failures"] for name, page in summary["pages"].items() if page["failures"]}
    assert failures.keys() == {"POST /cart/checkout", "GET /product/{id}"}
    assert failures == {name: summary["pages"][name]["requests"] for name in failures}
    assert summary["failures"] == sum(failures.values())
    assert summary["orders"] == len(storefront.placed)
    assert {name for name in failures if any(error.startswith(name) for error in summary["errors"])} == failures.keys()


def test_an_unreachable_shop_is_reported_with_its_address(start: Start) -> None:
    address = f"127.0.0.1:{free_port()}"
    status, lines = outcome(start(address, STARTUP_SECONDS="0"))
    assert status == 1
    assert (lines[-1]["message"], lines[-1]["address"]) == ("the shop does not respond", address)


def test_a_run_waits_for_the_shop_and_ends_in_time(storefront: Storefront, start: Start) -> None:
    storefront.unhealthy_responses = 1
    status, lines = outcome(start(storefront.address, RUN_SECONDS="0.5"))
    assert status == 0
    assert lines[0]["message"] == "waiting for the shop"
    assert lines[-1]["requests"] > 0


def test_a_terminated_run_loses_no_order_and_has_a_summary(storefront: Storefront, start: Start) -> None:
    process = start(storefront.address)
    assert storefront.is_busy.wait(30)
    process.send_signal(signal.SIGTERM)
    status, lines = outcome(process)
    assert status == 0
    assert lines[-1]["orders"] == len(storefront.placed)
    assert lines[-1]["failures"] == 0


def test_with_stay_the_process_idles_after_its_run_until_it_is_terminated(storefront: Storefront, start: Start) -> None:
    process = start(storefront.address, RUN_REQUESTS="1", STAY="true")
    assert process.stdout is not None
    summary = next(line for line in process.stdout if "p95_ms" in line)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.send_signal(signal.SIGTERM)
    assert outcome(process)[0] == 0
    assert json.loads(summary)["requests"] > 0


def test_an_invalid_setting_is_named_at_the_start(start: Start) -> None:
    process = start("127.0.0.1:1", USERS="0", PRODUCT_IDS="6E92ZMYYFZ,../admin")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == os.EX_CONFIG
    assert [line.partition(":")[0] for line in output.splitlines()] == ["USERS", "PRODUCT_IDS"]


@pytest.mark.parametrize(
    "variables",
    [
        {"FRONTEND_ADDR": "no port"},
        {"RATE": "-1"},
        {"RUN_SECONDS": "0"},
        {"RUN_REQUESTS": "0"},
        {"PRODUCT_IDS": "6E92ZMYYFZ,"},
        {"MINIMUM_WAIT_SECONDS": "2", "MAXIMUM_WAIT_SECONDS": "1"},
    ],
)
def test_a_setting_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in ({"FRONTEND_ADDR": "127.0.0.1:1"} | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        LoadSettings()  # type: ignore[call-arg]  # from the environment
