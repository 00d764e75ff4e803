"""Fixtures: the whole shop as processes with real stores, a client of the contract, and another shop beside it."""

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boutique_currency.ecb import packaged_rates
from boutique_definition.pictures import pictures_folder
from boutique_definition.service_file import ServiceFile, load_service_files
from boutique_definition.stores import Postgres, Store
from boutique_development_servers.postgres import PostgresServer
from boutique_development_servers.processes import free_port
from boutique_development_servers.redis import RedisServer
from boutique_development_servers.s3 import start_s3
from dev.processes import start_services, stores_on
from dev.waiting import wait_until
from tests.contract.contract import ADDRESSES, Client, Contract
from tests.contract.foreign import ForeignShop
from tests.contract.requests import PRICE

WAIT_SECONDS = 60.0

# The rates behind the results that the contract gives as examples.
KNOWN_RATES = {"USD": "1.1305", "JPY": "126.40", "GBP": "0.85970", "CAD": "1.5128"}


@dataclass(frozen=True)
class Shop:
    """The running shop.

    Args:
        call: Calls a method of the contract.
        addresses: The address of each service, including the storefront.
        database: Runs an SQL statement. Returns one line per row, with "|" between columns.
        logs: The directory of the services' logs.
    """

    call: Client
    addresses: Mapping[str, str]
    database: Callable[[str], str]
    logs: Path


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return Contract(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="session")
def files() -> dict[str, ServiceFile]:
    return load_service_files(Path(__file__).parents[2] / "services")


@pytest.fixture(scope="session")
def stores(
    redis_server: RedisServer, postgres_server: PostgresServer, files: Mapping[str, ServiceFile]
) -> Iterator[Mapping[str, Store[str]]]:
    with postgres_server.new_database() as database, start_s3() as s3:
        yield stores_on(redis_server, postgres_server, database, s3, pictures_folder(files))


@pytest.fixture(scope="session")
def rates_url() -> Iterator[str]:
    """The URL of a server that returns the contract's rates as the European Central Bank does."""

    class RatesHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(_daily_rates())

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), RatesHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="session")
def shop(
    contract: Contract,
    files: Mapping[str, ServiceFile],
    stores: Mapping[str, Store[str]],
    postgres_server: PostgresServer,
    rates_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    logs = tmp_path_factory.mktemp("logs")
    addresses = {name: f"127.0.0.1:{free_port()}" for name, file in files.items() if file.port is not None}
    application = tmp_path_factory.mktemp("application")
    (application / "index.html").write_text("<!doctype html><title>An application</title>")
    environment = {"currency": {"RATES_URL": rates_url}, "web-gateway": {"APPLICATION_DIRECTORY": str(application)}}
    with (
        start_services(addresses, files, stores=stores, addresses=addresses, directory=logs, environment=environment),
        _client(contract, files, addresses) as client,
    ):
        _wait_until_serving(client, logs)
        for name in (name for name, file in files.items() if file.external):
            _wait_until_open(addresses[name])
        wait_until(
            lambda: client("Convert", {"from": PRICE, "to_code": "EUR"}).nanos == 682441398,
            WAIT_SECONDS,
            "The currency service did not load the rates",
        )
        product_data = stores["product-data"]
        assert isinstance(product_data, Postgres)
        yield Shop(client, addresses, lambda statement: postgres_server.ask(statement, product_data.database), logs)


@pytest.fixture(scope="session")
def foreign(contract: Contract) -> Iterator[ForeignShop]:
    with ForeignShop.open(contract) as shop:
        yield shop


@pytest.fixture(scope="session")
def checkout_among_others(
    contract: Contract,
    files: Mapping[str, ServiceFile],
    stores: Mapping[str, Store[str]],
    foreign: ForeignShop,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """A client of the other shop, in which only the checkout is ours."""
    addresses = dict.fromkeys(files, foreign.address) | {"checkout": f"127.0.0.1:{free_port()}"}
    logs = tmp_path_factory.mktemp("logs")
    with (
        start_services(["checkout"], files, stores=stores, addresses=addresses, directory=logs),
        _client(contract, files, addresses) as client,
    ):
        _wait_until_serving(Client(contract, {"CheckoutService": client.channels["CheckoutService"]}), logs)
        yield client


@pytest.fixture(scope="session")
def storefront_among_others(
    files: Mapping[str, ServiceFile], foreign: ForeignShop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of our storefront in front of the other shop."""
    addresses = dict.fromkeys(files, foreign.address) | {"frontend": f"127.0.0.1:{free_port()}"}
    logs = tmp_path_factory.mktemp("logs")
    with start_services(["frontend"], files, stores={}, addresses=addresses, directory=logs):
        _wait_until_open(addresses["frontend"])
        yield addresses["frontend"]


@pytest.fixture
def browser(shop: Shop) -> Iterator[httpx.Client]:
    """A visitor of our storefront. Redirects are not followed."""
    with httpx.Client(base_url=f"http://{shop.addresses['frontend']}", timeout=20, trust_env=False) as client:
        yield client


@contextmanager
def _client(contract: Contract, files: Mapping[str, ServiceFile], addresses: Mapping[str, str]) -> Iterator[Client]:
    by_variable = {file.address_variable: name for name, file in files.items()}
    with ExitStack() as stack:
        yield Client(
            contract,
            {
                service: stack.enter_context(grpc.insecure_channel(addresses[by_variable[variable]]))
                for service, (variable, _) in ADDRESSES.items()
            },
        )


def _wait_until_serving(client: Client, logs: Path) -> None:
    """Waits until all services report that they serve. Fails with the logs if one does not."""
    for service, channel in client.channels.items():
        health: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=f"hipstershop.{service}")
        try:
            for response in health.Watch(request, timeout=WAIT_SECONDS, wait_for_ready=True):
                if response.status == health_pb2.HealthCheckResponse.SERVING:
                    break
        except grpc.RpcError as error:
            output = "\n".join(f"{log.name}: {log.read_text()[-1000:]}" for log in sorted(logs.iterdir()))
            raise AssertionError(f"{service}: {error.details()}\n{output}") from error


def _wait_until_open(address: str) -> None:
    def responds() -> bool:
        try:
            return httpx.get(f"http://{address}/_healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    wait_until(responds, WAIT_SECONDS, f"http://{address}/_healthz does not respond")


def _daily_rates() -> bytes:
    rates = {code: str(rate) for code, rate in packaged_rates().per_euro.items() if code != "EUR"} | KNOWN_RATES
    cubes = "".join(f'<Cube currency="{code}" rate="{rate}"/>' for code, rate in rates.items())
    day = datetime.now(UTC).date()
    namespace = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"
    return f'<e xmlns="{namespace}"><Cube><Cube time="{day}">{cubes}</Cube></Cube></e>'.encode()
