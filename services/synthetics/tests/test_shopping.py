"""Tests the checks of the shoppers, with the real k6 and a fake web gateway that follows the contract."""

import asyncio
import contextlib
import json
import re
import signal
import sys
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from boutique_contract import limits
from boutique_development_servers.processes import free_port
from boutique_testing.http import served
from dev.progress import Progress
from dev.toolchain import toolbox

pytestmark = pytest.mark.cluster

Content = dict[str, Any]
Break = Callable[[Content], Content]
Start = Callable[..., Awaitable[asyncio.subprocess.Process]]

SHIPPING = 8.99
PRODUCTS: list[Content] = [
    {
        "id": f"PRODUCT{number}",
        "name": f"Product {number}",
        "description": "A product for tests.",
        "price": 19.99 + number,
        "rating": 5 - number / 10,
        "reviews": 10,
        "filename": f"product-{number}.svg",
        "categories": ["tests"],
    }
    for number in range(9)
]
SUCCESS: Content = {"message": "success"}
ADDRESS_RULES = {
    "street_1": limits.STREET_LINE_1,
    "street_2": limits.STREET_LINE_2,
    "city": limits.CITY,
    "state": limits.STATE,
    "postal_code": limits.POSTAL_CODE,
    "country": limits.COUNTRY,
}
CARD_RULES = {
    "name": limits.CARD_NAME,
    "number": limits.CARD_NUMBER,
    "expiration": limits.CARD_EXPIRATION,
    "security_code": limits.SECURITY_CODE,
}


class WebGateway:
    """Has sessions and carts in memory. Tests change or replace its responses, by request."""

    def __init__(self) -> None:
        self.address = ""
        self.carts: dict[str, dict[str, str]] = defaultdict(dict)
        self.orders: dict[str, str] = {}
        self.broken: dict[str, Break] = {}
        self.replaced: dict[str, Response] = {}
        self.starts_sessions = True
        self.order_empties_cart = True
        self.unhealthy_responses = 0
        self.seen: list[str] = []
        self.is_ordered = asyncio.Event()
        self.may_respond = asyncio.Event()
        self.may_respond.set()

    def application(self) -> Starlette:
        api = {
            "POST /product/search": self.search,
            "POST /cart": self.cart,
            "PUT /cart/{id}/{quantity}": self.put,
            "POST /checkout/quote": self.quote,
            "POST /checkout/process": self.process,
        }
        return Starlette(
            routes=[
                Route("/healthz", self.health),
                Route("/api/v1/content/{file}", self.answered("GET /content/{file}", self.picture)),
                *(self.route(endpoint, content) for endpoint, content in api.items()),
                *(
                    Route(path, self.answered(f"GET {path}", self.page))
                    for path in ("/", "/cart", "/checkout", "/confirmation")
                ),
            ]
        )

    def route(self, endpoint: str, content: Callable[[Request, str], Awaitable[Content]]) -> Route:
        method, _, path = endpoint.partition(" ")

        async def answer(request: Request, session: str) -> Response:
            right = await content(request, session)
            return JSONResponse(self.broken[endpoint](right) if endpoint in self.broken else right)

        return Route(f"/api/v1{path}", self.answered(endpoint, answer), methods=[method])

    def answered(
        self, endpoint: str, answer: Callable[[Request, str], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            self.seen.append(f"{request.method} {request.url.path}")
            session = request.cookies.get("session_id", uuid.uuid4().hex)
            response = self.replaced.get(endpoint) or await answer(request, session)
            if self.starts_sessions:
                response.headers["set-cookie"] = f"session_id={session}; Path=/"
            return response

        return answered

    async def health(self, request: Request) -> Response:
        self.seen.append(f"{request.method} {request.url.path}")
        is_healthy = self.unhealthy_responses == 0
        self.unhealthy_responses -= not is_healthy
        return JSONResponse({"healthy": is_healthy}, 200 if is_healthy else 503)

    async def page(self, _: Request, __: str) -> Response:
        return HTMLResponse('<!doctype html><div id="root"></div>')

    async def picture(self, _: Request, __: str) -> Response:
        return Response("<svg/>", media_type="image/svg+xml", headers={"cache-control": "max-age=3600"})

    async def search(self, request: Request, _: str) -> Content:
        size = (await request.json())["page"]["size"]
        return {"meta": {"page": {"total_results": len(PRODUCTS)}}, "results": PRODUCTS[:size]}

    async def cart(self, _: Request, session: str) -> Content:
        return SUCCESS | {"data": dict(self.carts[session])}

    async def put(self, request: Request, session: str) -> Content:
        self.carts[session][request.path_params["id"]] = request.path_params["quantity"]
        return SUCCESS

    async def quote(self, _: Request, session: str) -> Content:
        return SUCCESS | {"data": self.costs(session)}

    async def process(self, request: Request, session: str) -> Content:
        order = await request.json()
        self.is_ordered.set()
        await self.may_respond.wait()
        costs = self.costs(session)
        if order["amount"] != costs["items_total"] or not is_valid(order):
            return {"message": "failure"}
        items = [{"id": id_, "quantity": int(n), "price": price(id_)} for id_, n in self.carts[session].items()]
        if self.order_empties_cart:
            self.carts[session].clear()
        order_id, tracking_id = str(uuid.uuid4()), "AB-12345-123456789"
        self.orders[order_id] = tracking_id
        return SUCCESS | costs | {"order_id": order_id, "tracking_id": tracking_id, "items": items}

    def costs(self, session: str) -> Content:
        items_total = round(sum(price(id_) * int(quantity) for id_, quantity in self.carts[session].items()), 2)
        return {"items_total": items_total, "shipping_cost": SHIPPING, "total": round(items_total + SHIPPING, 2)}


def is_valid(order: Content) -> bool:
    card, addresses = order["billing"]["card"], (order["shipping"]["address"], order["billing"]["address"])
    return (
        limits.EMAIL_ADDRESS.accepts(order["email"])
        and all(rule.accepts(card[name]) for name, rule in CARD_RULES.items())
        and all(rule.accepts(address[name]) for address in addresses for name, rule in ADDRESS_RULES.items())
    )


def price(product_id: str) -> float:
    prices: dict[str, float] = {product["id"]: product["price"] for product in PRODUCTS}
    return prices[product_id]


@pytest.fixture
async def gateway() -> AsyncIterator[WebGateway]:
    gateway = WebGateway()
    async with served(gateway.application()) as gateway.address:
        yield gateway


@pytest.fixture(scope="session")
def path_with_k6() -> str:
    return toolbox.ensure(["k6"], Progress()).path_environment()


@pytest.fixture
async def start(path_with_k6: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts shoppers that do not wait, with an address and other variables."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(address: str, **variables: str) -> asyncio.subprocess.Process:
            hurried = {"RUN_SECONDS": "1", "MINIMUM_WAIT_SECONDS": "0", "MAXIMUM_WAIT_SECONDS": "0"}
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "boutique_synthetics"),
                env={"PATH": path_with_k6, "WEB_GATEWAY_ADDR": address, **hurried, **variables},
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            stack.callback(kill, process)
            return process

        yield start


def kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def outcome(process: asyncio.subprocess.Process) -> tuple[int | None, list[dict[str, Any]]]:
    """Returns the exit status, and the JSON of each line of output."""
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, [json.loads(line) for line in output.splitlines()]


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return next(line for line in lines if line["message"] == "the run is over")


def changed(**changes: object) -> Break:
    return lambda content: content | changes


async def test_shoppers_go_from_the_home_page_to_an_order_and_an_empty_cart(gateway: WebGateway, start: Start) -> None:
    status, lines = await outcome(await start(gateway.address))
    visit = [re.sub(r"/(PRODUCT|product-).*", "/…", endpoint) for endpoint in gateway.seen[1:19]]
    assert status == 0
    assert visit == [
        "GET /",
        "POST /api/v1/product/search",
        "POST /api/v1/cart",
        *["GET /api/v1/content/…"] * 6,
        "PUT /api/v1/cart/…",
        "GET /cart",
        "POST /api/v1/cart",
        "GET /checkout",
        "POST /api/v1/checkout/quote",
        "POST /api/v1/checkout/process",
        "GET /confirmation",
        "GET /cart",
        "POST /api/v1/cart",
    ]
    total = summary(lines)
    assert total["requests"] == 18 * total["orders"] == len(gateway.seen) - 1
    assert total["checks"] >= 3 * total["requests"]
    assert (total["failures"], total["errors"], total["crossed"]) == (0, {}, [])
    assert 0 < total["p50_ms"] <= total["p95_ms"]
    assert reported(lines) == gateway.orders


async def test_each_visit_of_each_user_has_a_session_of_its_own(gateway: WebGateway, start: Start) -> None:
    _, lines = await outcome(await start(gateway.address, USERS="3"))
    assert len(gateway.carts) == summary(lines)["orders"] >= 3


@pytest.mark.parametrize(
    ("endpoint", "broken", "check"),
    [
        ("POST /product/search", {"results": PRODUCTS[:5]}, "six products are found"),
        ("POST /product/search", {"meta": {}}, "six products are found"),
        ("POST /product/search", {"results": PRODUCTS[5::-1]}, "products are sorted by rating"),
        ("POST /product/search", {"results": [{**PRODUCTS[0], "price": "19.99"}] * 6}, "products are complete"),
        ("POST /product/search", {"results": [{**PRODUCTS[0], "filename": ""}] * 6}, "products are complete"),
        ("PUT /cart/{id}/{quantity}", {"message": "failure"}, "succeeds"),
        ("POST /cart", {"data": {"PRODUCT0": "1"}}, "is empty at first"),
        (
            "POST /checkout/quote",
            {"data": {"items_total": 1, "shipping_cost": 1, "total": 2}},
            "the items total is the sum of the prices",
        ),
        ("POST /checkout/process", {"total": 1.0}, "the total is items and shipping"),
        ("POST /checkout/process", {"shipping_cost": 0, "items_total": 1, "total": 1}, "the total is as quoted"),
        ("POST /checkout/process", {"order_id": ""}, "the order has its ids"),
        ("POST /checkout/process", {"tracking_id": None}, "the order has its ids"),
        ("POST /checkout/process", {"items": []}, "the order has the items of the cart"),
    ],
)
async def test_a_response_against_the_contract_fails_the_run(
    gateway: WebGateway, start: Start, endpoint: str, broken: dict[str, Any], check: str
) -> None:
    gateway.broken[endpoint] = changed(**broken)
    assert_failed(await outcome(await start(gateway.address)), f"{endpoint}: {check}", ["a check failed"])


async def test_a_quote_that_does_not_add_up_fails_the_run(gateway: WebGateway, start: Start) -> None:
    gateway.broken["POST /checkout/quote"] = lambda content: {
        **content,
        "data": {**content["data"], "total": content["data"]["total"] + 0.01},
    }
    failed = "POST /checkout/quote: the total is items and shipping"
    assert_failed(await outcome(await start(gateway.address)), failed, ["a check failed"])


async def test_a_cart_that_loses_products_fails_the_run(gateway: WebGateway, start: Start) -> None:
    gateway.broken["POST /cart"] = changed(data={})
    failed = "POST /cart: has what was added"
    assert_failed(await outcome(await start(gateway.address)), failed, ["a check failed"])


async def test_a_cart_that_an_order_does_not_empty_fails_the_run(gateway: WebGateway, start: Start) -> None:
    gateway.order_empties_cart = False
    failed = "POST /cart: is empty after the order"
    assert_failed(await outcome(await start(gateway.address)), failed, ["a check failed"])


@pytest.mark.parametrize(
    ("endpoint", "answer", "check"),
    [
        ("GET /", HTMLResponse("<h1>It works!</h1>"), "is the index page"),
        ("GET /checkout", JSONResponse({}), "is text/html"),
        ("GET /content/{file}", Response("<svg/>", media_type="image/svg+xml"), "may be cached"),
        ("GET /content/{file}", HTMLResponse("no picture"), "is image/svg+xml"),
        ("POST /cart", HTMLResponse("no JSON"), "is application/json"),
        ("POST /cart", Response("no JSON", media_type="application/json"), "succeeds"),
    ],
)
async def test_a_response_of_another_type_fails_the_run(
    gateway: WebGateway, start: Start, endpoint: str, answer: Response, check: str
) -> None:
    gateway.replaced[endpoint] = answer
    assert_failed(await outcome(await start(gateway.address)), f"{endpoint}: {check}", ["a check failed"])


async def test_a_home_page_that_starts_no_session_fails_the_run(gateway: WebGateway, start: Start) -> None:
    gateway.starts_sessions = False
    assert_failed(await outcome(await start(gateway.address)), "GET /: starts a session", ["a check failed"])


@pytest.mark.parametrize("endpoint", ["GET /confirmation", "GET /content/{file}", "POST /checkout/process"])
async def test_a_response_with_a_failure_status_fails_the_run(gateway: WebGateway, start: Start, endpoint: str) -> None:
    gateway.replaced[endpoint] = JSONResponse({"message": "failure", "reason": "a test"}, 500)
    crossed = ["the share of requests that failed is not below 0.1 %", "a check failed"]
    lines = assert_failed(await outcome(await start(gateway.address)), f"{endpoint}: status is 200", crossed)
    said = next(line for line in lines if line["message"] == "check failed")
    assert (said["status"], said["body"]) == (500, '{"message":"failure","reason":"a test"}')


def assert_failed(
    outcome: tuple[int | None, list[dict[str, Any]]], check: str, crossed: list[str]
) -> list[dict[str, Any]]:
    status, lines = outcome
    total = summary(lines)
    assert status == 1
    assert total["crossed"] == crossed
    assert total["errors"].keys() == {check}
    assert total["errors"][check] == sum(line.get("check") == check for line in lines)
    assert lines[-1]["message"] == f"the run failed: {'; '.join(crossed)}"
    return lines


def reported(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {line["order_id"]: line["tracking_id"] for line in lines if line["message"] == "order placed"}


async def test_a_run_waits_for_the_shop(gateway: WebGateway, start: Start) -> None:
    gateway.unhealthy_responses = 1
    status, lines = await outcome(await start(gateway.address))
    assert status == 0
    assert lines[0]["message"] == "waiting for the shop"
    assert summary(lines)["failures"] == 0
    assert summary(lines)["requests"] == len(gateway.seen) - 2


async def test_an_unreachable_shop_is_reported_with_its_address(start: Start) -> None:
    address = f"127.0.0.1:{free_port()}"
    status, lines = await outcome(await start(address, STARTUP_SECONDS="0"))
    assert status == 1
    assert f"the shop does not respond at {address}" in lines[0]["message"]


async def test_a_terminated_run_has_a_summary_without_errors(gateway: WebGateway, start: Start) -> None:
    gateway.may_respond.clear()
    process = await start(gateway.address, RUN_SECONDS="600")
    await asyncio.wait_for(gateway.is_ordered.wait(), 60)
    process.send_signal(signal.SIGTERM)
    status, lines = await outcome(process)
    gateway.may_respond.set()
    assert status == 0
    assert (summary(lines)["failures"], summary(lines)["errors"]) == (0, {})
    assert {line["level"] for line in lines} == {"info"}
    assert summary(lines)["requests"] > 0
