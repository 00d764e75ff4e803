"""The shop's Postgres, in which each service that uses it has a schema of its own.

The service's package brings asyncpg; the others need not have it.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg

from boutique_runtime.credentials import Credentials, CredentialSource, log_in
from boutique_runtime.stores import StoreSettings
from boutique_runtime.tls import verifying_context

Prepare = Callable[[Any], Coroutine[Any, Any, None]]
"""Does something to a connection."""

LOST_CONNECTION = (
    OSError,  # also TimeoutError, and a secret that cannot be read
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # stopping, starting
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # the connection is to a primary that has become a replica
    asyncpg.InvalidAuthorizationSpecificationError,  # a password is being changed, here already and there not yet
    asyncpg.InterfaceError,
)
"""What another attempt, with a new connection, may get over."""


class PostgresSettings(StoreSettings):
    """The settings of a Postgres, and the database in it."""

    database: str


def create_pool(
    settings: PostgresSettings,
    address: str,
    credentials: CredentialSource,
    *,
    service: str,
    connections: int,
    reset: Prepare | None = None,
) -> asyncpg.Pool:
    """A pool of at most these connections to `address` ("host:port"), each opened when first needed.

    `service` is what Postgres calls them; `reset` is done to each that is given back.
    """
    host, _, port = address.rpartition(":")

    async def connect(*arguments: Any, **options: Any) -> Any:
        async def attempt(current: Credentials) -> Any:
            return await asyncpg.connect(*arguments, **options, user=current.username, password=current.password)

        return await log_in(credentials, attempt, asyncpg.InvalidAuthorizationSpecificationError)

    return asyncpg.create_pool(
        host=host,
        port=int(port),
        database=settings.database,
        connect=connect,
        ssl=verifying_context(settings.ca_certificate) if settings.tls else False,
        min_size=0,
        max_size=connections,
        reset=reset,
        server_settings={"application_name": service},
    )
