"""The services as plain processes on this machine, each told by its environment what its file says it needs."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from boutique_definition.pictures import CONTENT_TYPES, PICTURES, find_pictures
from boutique_definition.service_file import ServiceFile, StoreFact, package_name
from boutique_definition.wiring import plain_variables, secret_variables
from boutique_development_servers.postgres import PostgresServer, start_postgres
from boutique_development_servers.processes import running
from boutique_development_servers.redis import RedisServer, start_redis
from boutique_development_servers.s3 import BUCKET, S3, start_s3
from dev.errors import ActionableError


@dataclass(frozen=True)
class Store:
    """One that trusts whoever reaches it, though a service is always told a password."""

    username: str
    address: str = ""
    database: str = ""
    password: str = "unused"  # noqa: S105
    endpoint: str = ""
    bucket: str = ""

    def fact(self, name: StoreFact) -> str | None:
        facts: Mapping[StoreFact, str | None] = {
            "address": self.address,
            "replicaAddress": self.address,
            "username": self.username,
            "password": self.password,
            "database": self.database or None,
            "tls": "false",
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "bucket": self.bucket,
        }
        return facts.get(name)


def stores_on(redis: RedisServer, postgres: PostgresServer, database: str, s3: S3) -> dict[str, Store]:
    """The shop's stores by name; puts the pictures into their bucket."""
    for key, file in find_pictures(PICTURES).items():
        s3.put(key, file.read_bytes(), CONTENT_TYPES[file.suffix])
    return {
        "cart-data": Store("default", redis.address),
        "pictures": Store("any", endpoint=s3.url, bucket=BUCKET),
        "product-data": Store("postgres", postgres.address, database),
        "session-data": Store("default", redis.address),
    }


@contextmanager
def start_stores(directory: Path) -> Iterator[dict[str, Store]]:
    """The shop's stores by name, new but for the pictures. Redis writes to the directory."""
    redis_directory = directory / "redis"
    redis_directory.mkdir()
    with (
        start_redis(redis_directory) as redis,
        start_postgres() as postgres,
        postgres.new_database() as database,
        start_s3() as s3,
    ):
        yield stores_on(redis, postgres, database, s3)


@contextmanager
def start_services(
    names: Iterable[str],
    files: Mapping[str, ServiceFile],
    *,
    stores: Mapping[str, Store],
    addresses: Mapping[str, str],
    directory: Path,
    environment: Mapping[str, Mapping[str, str]] = {},
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Prepares their stores and starts these services; ends them afterwards. Each logs to the directory.

    `addresses` has "host:port" of every service that one of them calls, and says on which port each listens.
    `environment` has, by service, what goes before what the service's file says. Yields at once: nothing answers yet.

    Raises ActionableError where a store could not be prepared.
    """
    environments = {
        name: {
            **os.environ,
            **_variables(files[name], files, stores, addresses),
            "PORT": addresses[name].rpartition(":")[2],
            **environment.get(name, {}),
        }
        for name in names
    }
    _migrate({name: given for name, given in environments.items() if files[name].migration}, directory)
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                running(
                    [sys.executable, "-m", package_name(name)],
                    log=directory / f"{name}.log",
                    ready=lambda: True,
                    environment=given,
                )
            )
            for name, given in environments.items()
        }
        try:
            yield processes
        finally:
            # All at once, since each takes a moment to drain.
            for process in processes.values():
                process.terminate()


def _variables(
    file: ServiceFile, files: Mapping[str, ServiceFile], stores: Mapping[str, Store], addresses: Mapping[str, str]
) -> dict[str, str]:
    return {
        **plain_variables(
            file, files, address=addresses.__getitem__, fact=lambda store, fact: stores[store].fact(fact)
        ),
        **secret_variables(
            file, password=lambda store: stores[store].password, random=lambda _: secrets.token_urlsafe(48)
        ),
    }


def _migrate(environments: Mapping[str, Mapping[str, str]], directory: Path) -> None:
    """Prepares the stores of these services, all at once. Raises ActionableError with the log of one that failed."""
    logs = {name: directory / f"{name}-migration.log" for name in environments}
    with ExitStack() as stack:
        processes = {
            name: subprocess.Popen(
                [sys.executable, "-m", f"{package_name(name)}.migration"],
                stdout=stack.enter_context(logs[name].open("wb")),
                stderr=subprocess.STDOUT,
                env=environment,
            )
            for name, environment in environments.items()
        }
        failed = [name for name, process in processes.items() if process.wait() != 0]
    for name in failed:
        raise ActionableError(f"The migration of {name} failed:\n{logs[name].read_text(errors='replace').strip()}")
