"""`make shop`: the whole shop as plain processes, for development.

Postgres and Redis come from wheels; moto answers for S3, and has the pictures.
"""

import itertools
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from boutique_definition.service_file import ServiceFile, load_service_files
from boutique_definition.validation import ConfigError
from boutique_development_servers.processes import free_port, port_is_free
from dev import web_application as application
from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.processes import start_services, start_stores
from dev.progress import Progress
from dev.virtual_environment import ROOT

_FIRST_PORT = 8080
"""Of the first external service; the others follow it."""
_READY_SECONDS = 60


def shop(_: str) -> None:
    """Runs the shop until it is interrupted. Raises ActionableError where it does not start, or a service ends."""
    try:
        services = load_service_files(ROOT / "services")
    except ConfigError as error:
        raise ActionableError(str(error)) from None
    addresses = _addresses(services)
    doors = [f"http://{addresses[name]}" for name, file in services.items() if file.external]
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boutique-shop-")))
        with Progress() as progress:
            environment = _build_applications(services, progress)
            with progress.step("Starting the stores"):
                stores = stack.enter_context(start_stores(directory))
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
                for door in doors:
                    _wait_until_served(door, processes, directory)
        with suppress(KeyboardInterrupt):
            print(f"\nThe shop is open:  {'  '.join(doors)}\nIts logs are in    {directory}")
            print("Ctrl-C closes it.", flush=True)
            _watch(processes, directory)
    print("\nThe shop is closed.")


def _addresses(services: Mapping[str, ServiceFile]) -> dict[str, str]:
    """Raises ActionableError where the port of an external service is taken."""
    external_ports = itertools.count(_FIRST_PORT)
    ports = {
        name: next(external_ports) if file.external else free_port()
        for name, file in services.items()
        if file.port is not None
    }
    for name, port in ports.items():
        if services[name].external and not port_is_free(port):
            raise ActionableError(f"Port {port} is taken: stop what listens there, then run this again.")
    return {name: f"127.0.0.1:{port}" for name, port in ports.items()}


def _build_applications(services: Iterable[str], progress: Progress) -> dict[str, dict[str, str]]:
    """Tells each service that has a web application where it is."""
    sources = {name: source for name in services if (source := application.source(ROOT, name))}
    with progress.step("Building the web application"):
        return {
            name: {"APPLICATION_DIRECTORY": str(application.build(source, cache_directory()))}
            for name, source in sources.items()
        }


def _wait_until_served(address: str, processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    """The home page needs most of the services, and the products."""
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=address, timeout=10, trust_env=False) as client:
        while time.monotonic() < deadline:
            _raise_if_ended(processes, directory)
            with suppress(httpx.TransportError):
                if client.get("/").is_success:
                    return
            time.sleep(0.1)
    raise ActionableError(f"{address} does not answer after {_READY_SECONDS} s; logs: {directory}")


def _watch(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    while True:
        _raise_if_ended(processes, directory)
        time.sleep(1)


def _raise_if_ended(processes: "Mapping[str, subprocess.Popen[bytes]]", directory: Path) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = (directory / f"{name}.log").read_text(errors="replace").strip().splitlines()
            raise ActionableError(f"{name} ended with status {process.returncode}:\n" + "\n".join(log[-10:]))
