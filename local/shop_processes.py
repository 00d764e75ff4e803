"""The services as plain processes on this machine, each told by its environment what its file says it needs."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from boutique_definition.service_file import ServiceFile, StoreFact
from boutique_definition.wiring import plain_variables, secret_variables
from boutique_testing.postgres import PostgresServer
from boutique_testing.processes import running
from boutique_testing.redis import RedisServer


@dataclass(frozen=True)
class Store:
    address: str
    username: str = ""
    password: str = ""
    database: str = ""

    def fact(self, name: StoreFact) -> str:
        facts: Mapping[StoreFact, str] = {
            "address": self.address,
            "replicaAddress": self.address,
            "username": self.username,
            "password": self.password,
            "database": self.database,
            "tls": "false",
        }
        return facts[name]


def stores_on(redis: RedisServer, postgres: PostgresServer, database: str) -> dict[str, Store]:
    """The shop's stores by name. They trust whoever reaches them; a driver asks for some password all the same."""
    return {
        "cart-data": Store(redis.address),
        "product-data": Store(postgres.address, username="postgres", password="unused", database=database),  # noqa: S106
    }


@contextmanager
def start_services(
    names: Iterable[str],
    files: Mapping[str, ServiceFile],
    *,
    stores: Mapping[str, Store],
    addresses: Mapping[str, str],
    directory: Path,
    environment: Mapping[str, str] = {},
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Starts these services; ends them afterwards. Each logs to `<name>.log` in the directory.

    `addresses` has "host:port" of every service that one of them calls, and says on which port each listens.
    `environment` goes before what the services' files say. Yields at once: nothing answers yet.
    """
    with ExitStack() as stack:
        processes = {}
        for name in names:
            file = files[name]
            variables = plain_variables(
                file, files, address=addresses.__getitem__, fact=lambda store, fact: stores[store].fact(fact)
            )
            variables |= secret_variables(file, lambda store: stores[store].password)
            port = addresses[name].rpartition(":")[2]
            processes[name] = stack.enter_context(
                running(
                    [sys.executable, "-m", f"boutique_{name}"],
                    log=directory / f"{name}.log",
                    ready=lambda: True,
                    environment={**os.environ, **variables, "PORT": port, **environment},
                )
            )
        try:
            yield processes
        finally:
            # All at once, since each takes a moment to drain.
            for process in processes.values():
                process.terminate()
