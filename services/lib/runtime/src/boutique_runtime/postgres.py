"""Connections to the shop's Postgres, in which each service has its own schema.

Services that use it depend on asyncpg themselves.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg

from boutique_runtime.credentials import Credentials, CredentialSource, log_in
from boutique_runtime.stores import StoreSettings
from boutique_runtime.tls import verifying_context

Prepare = Callable[[Any], Coroutine[Any, Any, None]]
"""Prepares a connection."""

LOST_CONNECTION = (
    OSError,  # also TimeoutError, and a secret that cannot be read
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # stopping, starting
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # the connection is to a primary that has become a replica
    asyncpg.InvalidAuthorizationSpecificationError,  # a password change has reached only one side
    asyncpg.InterfaceError,
)
"""The errors that another attempt with a new connection may avoid."""


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
    """Returns a pool of connections, each opened when first needed.

    Args:
        settings: How to connect.
        address: The server's "host:port".
        credentials: How to log in.
        service: The connections' name in Postgres.
        connections: The maximum number of connections.
        reset: Prepares each connection that is returned to the pool.
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
