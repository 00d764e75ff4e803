"""The services as plain processes on this machine, configured as their files say."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from boutique_definition.pictures import CONTENT_TYPES, find_pictures
from boutique_definition.service_file import ServiceFile, package_name
from boutique_definition.stores import Bucket, Password, Postgres, Redis, S3Endpoint, Store
from boutique_definition.wiring import service_variables
from boutique_development_servers.postgres import PostgresServer, start_postgres
from boutique_development_servers.processes import running
from boutique_development_servers.redis import RedisServer, start_redis
from boutique_development_servers.s3 import BUCKET, S3, start_s3
from dev.errors import ActionableError

_PASSWORD = "unused"  # noqa: S105 (the stores let everyone in)


def stores_on(
    redis: RedisServer, postgres: PostgresServer, database: str, s3: S3, pictures: Path
) -> dict[str, Store[str]]:
    """Uploads the product pictures, and returns the shop's stores by name."""
    for key, file in find_pictures(pictures).items():
        s3.put(key, file.read_bytes(), CONTENT_TYPES[file.suffix])
    any_redis = Redis(redis.address, Password("default", _PASSWORD), redis.address)
    return {
        "cart-data": any_redis,
        "pictures": Bucket(BUCKET, "us-east-1", S3Endpoint(s3.url, Password("any", _PASSWORD))),
        "product-data": Postgres(postgres.address, database, Password("postgres", _PASSWORD), postgres.address),
        "session-data": any_redis,
    }


@contextmanager
def start_stores(directory: Path, pictures: Path) -> Iterator[dict[str, Store[str]]]:
    """Starts the shop's stores, empty except for the pictures. Redis writes to the directory. Yields them by name."""
    redis_directory = directory / "redis"
    redis_directory.mkdir()
    with (
        start_redis(redis_directory) as redis,
        start_postgres() as postgres,
        postgres.new_database() as database,
        start_s3() as s3,
    ):
        yield stores_on(redis, postgres, database, s3, pictures)


@contextmanager
def start_services(
    names: Iterable[str],
    files: Mapping[str, ServiceFile],
    *,
    stores: Mapping[str, Store[str]],
    addresses: Mapping[str, str],
    directory: Path,
    environment: Mapping[str, Mapping[str, str]] = {},
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Migrates the stores of these services and starts them; stops them afterwards.

    Yields before the services are ready.

    Args:
        names: The services to start.
        files: All service files, by service.
        stores: The stores that they need, by name.
        addresses: The "host:port" of these services, on which they listen, and of all that they call.
        directory: The directory for their logs.
        environment: By service, variables that override those that follow from its file.

    Raises:
        ActionableError: A migration failed.
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
    file: ServiceFile, files: Mapping[str, ServiceFile], stores: Mapping[str, Store[str]], addresses: Mapping[str, str]
) -> dict[str, str]:
    calls = {str(files[called].address_variable): addresses[called] for called in file.calls}
    variables = service_variables(file, calls, stores)
    return {
        **variables.plain,
        **variables.secret,
        **{variable: secrets.token_urlsafe(48) for variable in file.secrets},
    }


def _migrate(environments: Mapping[str, Mapping[str, str]], directory: Path) -> None:
    """Runs the migrations of these services, all at once. Raises ActionableError with the log of one that failed."""
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
