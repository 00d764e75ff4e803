"""The shop's Postgres: settings, logins, migrations."""

import asyncio
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from boutique_development_servers.postgres import PostgresServer
from boutique_development_servers.processes import free_port
from boutique_runtime.migration import migrate
from boutique_runtime.postgres import PostgresSettings, create_pool
from boutique_testing.secrets_manager import ARN


@pytest.fixture
def settings(postgres_server: PostgresServer, postgres_database: str) -> PostgresSettings:
    return PostgresSettings(
        addr=postgres_server.address,
        database=postgres_database,
        username="postgres",
        password=SecretStr("unused"),
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"set exactly one of \*_PASSWORD and \*_SECRET"),
        (
            {"password": "x", "secret": ARN},
            r"set exactly one of \*_PASSWORD and \*_SECRET",
        ),
        ({"password": "x"}, r"set \*_USERNAME as well as \*_PASSWORD"),
        ({"secret": "hunter2"}, "secret"),
        ({"secret": ARN, "ca_certificate": "/no/such/file"}, "ca_certificate"),
    ],
)
def test_settings_without_a_login_are_refused_with_the_variables(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as error:
        PostgresSettings(addr="there:5432", database="boutique", **given)
    assert "hunter2" not in str(error.value)


def test_a_secret_needs_no_user_name() -> None:
    settings = PostgresSettings(addr="there:5432", database="boutique", secret=ARN)
    assert settings.secret == ARN


async def test_concurrent_migrations_run_one_after_another(settings: PostgresSettings) -> None:
    running = 0

    async def prepare(connection: Any) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await connection.execute("CREATE SCHEMA IF NOT EXISTS one; CREATE TABLE IF NOT EXISTS one.table (id integer)")
        running -= 1

    await asyncio.gather(*(migrate(settings, "one", prepare) for _ in range(8)))


async def test_a_migration_that_fails_changes_nothing_and_does_not_block_the_next(settings: PostgresSettings) -> None:
    async def fail(connection: Any) -> None:
        await connection.execute("CREATE TABLE half (id integer)")
        await connection.execute("SELECT nonsense")

    async def succeed(connection: Any) -> None:
        await connection.execute("CREATE TABLE half (id integer)")

    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(settings, "one", fail)
    await migrate(settings, "one", succeed)


async def test_a_migration_waits_for_its_database(postgres_server: PostgresServer, settings: PostgresSettings) -> None:
    prepared = asyncio.Event()

    async def prepare(_: Any) -> None:
        prepared.set()

    late = settings.model_copy(update={"database": "test_migrated_late"})
    waiting = asyncio.create_task(migrate(late, "one", prepare))
    await asyncio.wait([waiting], timeout=0)
    postgres_server.ask("CREATE DATABASE test_migrated_late")
    try:
        await asyncio.wait_for(waiting, timeout=30)
        assert prepared.is_set()
    finally:
        postgres_server.ask("DROP DATABASE test_migrated_late WITH (FORCE)")


async def test_a_migration_fails_with_the_reason_after_its_timeout(settings: PostgresSettings) -> None:
    async def prepare(_: Any) -> None:
        raise AssertionError

    away = settings.model_copy(update={"addr": f"127.0.0.1:{free_port()}"})
    with pytest.raises(TimeoutError, match="Postgres was not ready within 0 s: ConnectionRefusedError"):
        await migrate(away, "one", prepare, timeout_seconds=0)


async def test_a_pools_connections_have_the_services_name(settings: PostgresSettings) -> None:
    credentials = settings.credentials()
    async with create_pool(settings, settings.addr, credentials, service="one", connections=1) as pool:
        assert await pool.fetchval("SELECT current_setting('application_name')") == "one"
