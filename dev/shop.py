"""Runs the whole shop as plain processes, for development.

Postgres and Redis come from Python wheels. moto emulates S3, which has the pictures.
"""

import itertools
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from boutique_definition.pictures import pictures_folder
from boutique_definition.service_file import ServiceFile, load_service_files
from boutique_development_servers.processes import free_port, port_is_free
from dev import web_application as application
from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.processes import start_services, start_stores
from dev.progress import Progress
from dev.virtual_environment import ROOT

_FIRST_PORT = 8080
"""The port of the first external service. The others use the ports after it."""
_READY_SECONDS = 60


def run_shop() -> None:
    """Runs the shop until it is interrupted. Raises an error if it does not start, or if a service ends."""
    services = load_service_files(ROOT / "services")
    addresses = _addresses(services)
    storefronts = [f"http://{addresses[name]}" for name, file in services.items() if file.external]
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boutique-shop-")))
        with Progress() as progress:
            environment = _build_applications(services, progress)
            with progress.step("Starting the stores"):
                stores = stack.enter_context(start_stores(directory, pictures_folder(services)))
            with progress.step("Starting the services"):
                processes = stack.enter_context(
                    start_services(
                        addresses,
                        services,
                        stores=stores,
                        addresses=addresses,
                        directory=directory,
                        environment=environment,
                    )
                )
                for storefront in storefronts:
                    _wait_until_served(storefront, processes, directory)
        with suppress(KeyboardInterrupt):
            print(f"\nThe shop is open:  {'  '.join(storefronts)}\nThe logs are in    {directory}")
            print("Ctrl-C stops it.", flush=True)
            _watch(processes, directory)
    print("\nThe shop is stopped.")


def _addresses(services: Mapping[str, ServiceFile]) -> dict[str, str]:
    """Returns the address of each service. Raises ActionableError if the port of an external service is in use."""
    external_ports = itertools.count(_FIRST_PORT)
    ports = {
        name: next(external_ports) if file.external else free_port()
        for name, file in services.items()
        if file.port is not None
    }
    for name, port in ports.items():
        if services[name].external and not port_is_free(port):
            raise ActionableError(
                f"Port {port} is in use: stop the program that listens there, then run the command again."
            )
    return {name: f"127.0.0.1:{port}" for name, port in ports.items()}


def _build_applications(services: Iterable[str], progress: Progress) -> dict[str, dict[str, str]]:
    """Builds the web applications. Returns the environment variables by which each service finds its own."""
    sources = {name: source for name in services if (source := application.source(ROOT, name))}
    with progress.step("Building the web application"):
        return {
            name: {"APPLICATION_DIRECTORY": str(application.build(source, cache_directory()))}
            for name, source in sources.items()
        }


def _wait_until_served(address: str, processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    """Waits for the home page, which needs most of the services and the products. Raises ActionableError."""
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=address, timeout=10, trust_env=False) as client:
        while time.monotonic() < deadline:
            _raise_if_ended(processes, directory)
            with suppress(httpx.TransportError):
                if client.get("/").is_success:
                    return
            time.sleep(0.1)
    raise ActionableError(f"{address} does not respond after {_READY_SECONDS} s; logs: {directory}")


def _watch(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    while True:
        _raise_if_ended(processes, directory)
        time.sleep(1)


def _raise_if_ended(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = (directory / f"{name}.log").read_text(errors="replace").strip().splitlines()
            raise ActionableError(f"{name} ended with status {process.returncode}:\n" + "\n".join(log[-10:]))
