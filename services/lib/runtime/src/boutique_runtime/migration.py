"""Prepares Postgres for the services of an image before they run: once at a time, and again without harm."""

import asyncio
import logging
import sys

import asyncpg

from boutique_runtime.postgres import LOST_CONNECTION, PostgresSettings, Prepare, create_pool
from boutique_runtime.settings import ServiceSettings, load_settings
from boutique_runtime.telemetry import configure_logging

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 300
"""For Postgres to be there, and for another migration of the same service to end."""
_ATTEMPT_SECONDS = 5
_RETRY_SECONDS = 1

_LOCK = "SELECT pg_advisory_lock(hashtextextended('migration ' || $1, 0))"

_NOT_YET = (*LOST_CONNECTION, asyncpg.InvalidCatalogNameError)


class MigrationSettings(ServiceSettings):
    product_data: PostgresSettings


def run(service: str, prepare: Prepare) -> None:
    """The process of a migration, told of Postgres as the service is. Ends with status 1 where it does not succeed."""
    settings = load_settings(MigrationSettings)
    configure_logging(f"{service}-migration", settings.log_level)
    try:
        asyncio.run(migrate(settings.product_data, service, prepare))
    except (TimeoutError, asyncpg.PostgresError) as error:
        _log.error("failed", extra={"reason": f"{type(error).__name__}: {error}"})
        sys.exit(1)
    _log.info("done")


async def migrate(
    settings: PostgresSettings, service: str, prepare: Prepare, patience_seconds: float = _PATIENCE_SECONDS
) -> None:
    """Does `prepare` to a connection in one transaction, alone among the migrations of the service.

    Waits for Postgres. Raises TimeoutError, with what was waited for, and asyncpg.PostgresError where Postgres refuses
    a statement.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + patience_seconds
    pool = create_pool(settings, settings.addr, settings.credentials(), service=service, connections=1)
    async with pool:
        while True:
            try:
                async with pool.acquire(timeout=_ATTEMPT_SECONDS) as connection:
                    # Before the transaction, which then sees all that the migration before it has made.
                    await connection.execute(_LOCK, service, timeout=max(_ATTEMPT_SECONDS, deadline - now()))
                    async with connection.transaction():
                        await prepare(connection)
                    return
            except _NOT_YET as error:
                reason = f"{type(error).__name__}: {error}"
                if now() >= deadline:
                    raise TimeoutError(f"Postgres was not ready within {patience_seconds:g} s: {reason}") from error
                _log.warning("waiting for Postgres", extra={"reason": reason})
            await asyncio.sleep(_RETRY_SECONDS)
