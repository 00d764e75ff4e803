"""Fixtures for the tests of every service. The stores are real servers, started once per test session."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import grpc
import pytest

from boutique_development_servers.postgres import PostgresServer, start_postgres
from boutique_development_servers.redis import RedisServer, start_redis
from boutique_development_servers.s3 import S3, start_s3
from boutique_runtime.serving import GrpcService, announce_readiness, create_server
from boutique_testing.secrets_manager import SecretsManager, start_secrets_manager

Serve = Callable[[GrpcService], Awaitable[grpc.aio.Channel]]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Starts a Redis for the whole session. Tests that need it empty use `redis_address`."""
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_address(redis_server: RedisServer) -> str:
    """Returns the "host:port" of an empty Redis."""
    redis_server.flush()
    return redis_server.address


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Starts a Postgres for the whole session. Tests that need an empty database use `postgres_database`."""
    with start_postgres() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Returns the name of a new, empty database on `postgres_server`."""
    with postgres_server.new_database() as name:
        yield name


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    """Starts a Secrets Manager and sets AWS's environment variables to it."""
    with start_secrets_manager() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield running


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """Starts an S3 with an empty bucket and sets AWS's environment variables to it."""
    with start_s3() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield running


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Returns a function that serves a service as in production and returns a channel to it."""
    async with AsyncExitStack() as stack:

        async def serve_one(service: GrpcService) -> grpc.aio.Channel:
            server, health = await create_server([service])
            port = server.add_insecure_port("127.0.0.1:0")
            await server.start()
            stack.push_async_callback(server.stop, None)
            stack.callback(asyncio.create_task(announce_readiness(service, health)).cancel)
            return await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))

        yield serve_one
