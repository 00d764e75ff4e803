"""Prepares Postgres before a service runs. Migrations of a service run one at a time, and may be repeated."""

import asyncio
import logging
import sys

import asyncpg

from boutique_runtime.postgres import LOST_CONNECTION, PostgresSettings, Prepare, create_pool
from boutique_runtime.settings import ServiceSettings, load_settings
from boutique_runtime.telemetry import configure_logging

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 300
"""The time for Postgres to start, and for another migration of the same service to end."""
_ATTEMPT_SECONDS = 5
_RETRY_SECONDS = 1

_LOCK = "SELECT pg_advisory_lock(hashtextextended('migration ' || $1, 0))"

_NOT_YET = (*LOST_CONNECTION, asyncpg.InvalidCatalogNameError)


class MigrationSettings(ServiceSettings):
    """The settings of a migration."""

    product_data: PostgresSettings


def run(service: str, prepare: Prepare) -> None:
    """Runs a migration with the service's environment variables. Exits with status 1 if it fails."""
    settings = load_settings(MigrationSettings)
    configure_logging(f"{service}-migration", settings.log_level)
    try:
        asyncio.run(migrate(settings.product_data, service, prepare))
    except (TimeoutError, asyncpg.PostgresError) as error:
        _log.error("failed", extra={"reason": f"{type(error).__name__}: {error}"})
        sys.exit(1)
    _log.info("done")


async def migrate(
    settings: PostgresSettings, service: str, prepare: Prepare, timeout_seconds: float = _TIMEOUT_SECONDS
) -> None:
    """Waits for Postgres, then runs `prepare` in one transaction, one migration of the service at a time.

    Raises TimeoutError, with the reason, or asyncpg.PostgresError if Postgres refuses a statement.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + timeout_seconds
    pool = create_pool(settings, settings.addr, settings.credentials(), service=service, connections=1)
    async with pool:
        while True:
            try:
                async with pool.acquire(timeout=_ATTEMPT_SECONDS) as connection:
                    # Before the transaction, so that it sees everything that the previous migration has created.
                    await connection.execute(_LOCK, service, timeout=max(_ATTEMPT_SECONDS, deadline - now()))
                    async with connection.transaction():
                        await prepare(connection)
                    return
            except _NOT_YET as error:
                reason = f"{type(error).__name__}: {error}"
                if now() >= deadline:
                    raise TimeoutError(f"Postgres was not ready within {timeout_seconds:g} s: {reason}") from error
                _log.warning("waiting for Postgres", extra={"reason": reason})
            await asyncio.sleep(_RETRY_SECONDS)
