"""Measures the latency that the API gateway adds, by alternating calls through it and direct gRPC calls.

The gateway and the services run as plain processes with real stores.
"""

import http.client
import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import grpc

from boutique_definition.pictures import pictures_folder
from boutique_definition.service_file import load_service_files
from boutique_development_servers.processes import free_port
from dev.processes import start_services, start_stores
from dev.waiting import wait_until
from hipstershop import shop_pb2, shop_pb2_grpc
from tests.bench.shoppers import PRODUCTS
from tests.bench.timing import Latencies, seconds_taken
from tests.e2e.workspace import ROOT

_SERVICES = ("api-gateway", "cart", "catalog")
_STARTUP_SECONDS = 60.0
_CALLS = 2_000
_FIRST_CALLS = 200
"""Calls that warm up the processes and are not counted."""

_SESSION = "bench"
_CART_READ = ("/api/v1/cart", {"session_id": _SESSION})
_SEARCH = ("/api/v1/product/search", {"query": "", "page": {"size": 6}})


def gateway_overhead() -> dict[str, float]:
    """Returns the latency that the gateway adds to each call, as differences of percentiles in milliseconds."""
    files = load_service_files(ROOT / "services")
    addresses = {name: f"127.0.0.1:{free_port()}" for name, file in files.items() if file.port is not None}
    with (
        tempfile.TemporaryDirectory(prefix="boutique-bench-") as name,
        start_stores(Path(name), pictures_folder(files)) as stores,
        start_services(_SERVICES, files, stores=stores, addresses=addresses, directory=Path(name)),
    ):
        wait_until(
            lambda: _reaches_its_services(addresses["api-gateway"]),
            _STARTUP_SECONDS,
            "The API gateway does not respond",
        )
        return _compare(addresses)


def _reaches_its_services(address: str) -> bool:
    with suppress(OSError, AssertionError), closing(http.client.HTTPConnection(address)) as connection:
        _post(connection, *_CART_READ)
        _post(connection, *_SEARCH)
        return True
    return False


def _compare(addresses: Mapping[str, str]) -> dict[str, float]:
    with (
        closing(http.client.HTTPConnection(addresses["api-gateway"])) as gateway,
        grpc.insecure_channel(addresses["cart"]) as cart_channel,
        grpc.insecure_channel(addresses["catalog"]) as catalog_channel,
    ):
        cart = shop_pb2_grpc.CartServiceStub(cart_channel)
        catalog = shop_pb2_grpc.ProductCatalogServiceStub(catalog_channel)
        for product in PRODUCTS:
            item = shop_pb2.CartItem(product_id=product, quantity=1)
            cart.AddItem(shop_pb2.AddItemRequest(user_id=_SESSION, item=item))
        return {
            **_overhead(
                "a cart read",
                through_gateway=lambda: _post(gateway, *_CART_READ),
                direct=lambda: cart.GetCart(shop_pb2.GetCartRequest(user_id=_SESSION)),
            ),
            **_overhead(
                "a product search of 6",
                through_gateway=lambda: _post(gateway, *_SEARCH),
                direct=lambda: catalog.SearchProducts(shop_pb2.SearchProductsRequest(query="")),
            ),
        }


def _overhead(call: str, *, through_gateway: Callable[[], object], direct: Callable[[], object]) -> dict[str, float]:
    """Alternates the two calls, so that other load on the machine slows both equally."""
    pairs = [(seconds_taken(through_gateway), seconds_taken(direct)) for _ in range(_FIRST_CALLS + _CALLS)]
    through, direct_calls = (
        Latencies(sorted(seconds), sum(seconds)) for seconds in zip(*pairs[_FIRST_CALLS:], strict=True)
    )
    return {
        f"{call}, latency added by the API gateway at p{percent} (ms)": 1000
        * (through.percentile(percent) - direct_calls.percentile(percent))
        for percent in (50, 99)
    }


def _post(connection: http.client.HTTPConnection, path: str, body: Mapping[str, object]) -> bytes:
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    if response.status != http.HTTPStatus.OK:
        raise AssertionError(f"POST {path} returned {response.status}: {content.decode()}")
    return content
