"""`make shop`: the whole shop as plain processes, with a Postgres and a Redis from wheels, for development."""

import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from boutique_definition.service_file import ServiceFile, load_service_files
from boutique_definition.validation import MistakeError
from boutique_testing.postgres import start_postgres
from boutique_testing.processes import free_port, port_is_free
from boutique_testing.redis import start_redis
from local.environment import ROOT
from local.errors import ActionableError
from local.progress import Progress
from local.shop_processes import Store, start_services, stores_on

_ADDRESS_PORT = 8080
_READY_SECONDS = 60


def shop(_: str) -> None:
    """Runs the shop until it is interrupted. Raises ActionableError where it does not start, or a service ends."""
    try:
        services = load_service_files(ROOT / "services")
    except MistakeError as mistake:
        raise ActionableError(str(mistake)) from None
    if not port_is_free(_ADDRESS_PORT):
        raise ActionableError(f"Port {_ADDRESS_PORT} is taken: stop what listens there, then run this again.")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boutique-shop-")))
        with Progress() as progress:
            with progress.step("Starting Postgres and Redis"):
                stores = _start_stores(stack, directory)
            with progress.step("Starting the services"):
                addresses = _addresses(services)
                processes = stack.enter_context(
                    start_services(addresses, services, stores=stores, addresses=addresses, directory=directory)
                )
                _wait_until_served(processes, directory)
        print(f"\nThe shop is open:  http://127.0.0.1:{_ADDRESS_PORT}\nIts logs are in    {directory}")
        print("Ctrl-C closes it.", flush=True)
        with suppress(KeyboardInterrupt):
            _watch(processes, directory)
    print("\nThe shop is closed.")


def _start_stores(stack: ExitStack, directory: Path) -> dict[str, Store]:
    redis_directory = directory / "cart-data"
    redis_directory.mkdir()
    redis = stack.enter_context(start_redis(redis_directory))
    postgres = stack.enter_context(start_postgres())
    return stores_on(redis, postgres, stack.enter_context(postgres.new_database()))


def _addresses(services: Mapping[str, ServiceFile]) -> dict[str, str]:
    return {
        name: f"127.0.0.1:{_ADDRESS_PORT if file.external else free_port()}"
        for name, file in services.items()
        if file.port is not None
    }


def _wait_until_served(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    """The home page needs most of the services, and the products."""
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=f"http://127.0.0.1:{_ADDRESS_PORT}", timeout=10, trust_env=False) as client:
        while time.monotonic() < deadline:
            _raise_if_ended(processes, directory)
            with suppress(httpx.TransportError):
                if client.get("/").is_success:
                    return
            time.sleep(0.1)
    raise ActionableError(f"The shop's home page does not answer after {_READY_SECONDS} s; logs: {directory}")


def _watch(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    while True:
        _raise_if_ended(processes, directory)
        time.sleep(1)


def _raise_if_ended(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = (directory / f"{name}.log").read_text(errors="replace").strip().splitlines()
            raise ActionableError(f"{name} ended with status {process.returncode}:\n" + "\n".join(log[-10:]))
