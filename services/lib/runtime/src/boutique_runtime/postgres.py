"""The shop's Postgres, in which each service that uses it has a schema of its own.

The service's package brings asyncpg; the others need not have it.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Self

import asyncpg
from pydantic import Field, FilePath, SecretStr, model_validator

from boutique_runtime.credentials import (
    Credentials,
    CredentialSource,
    check_credentials,
    credential_source,
    log_in,
)
from boutique_runtime.settings import HostAndPort, SecretArn, ServiceSettings
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


class PostgresSettings(ServiceSettings):
    product_data_addr: HostAndPort
    product_data_database: str
    product_data_username: str | None = None
    product_data_password: SecretStr | None = None
    product_data_secret: SecretArn | None = None
    product_data_tls: bool = Field(default=False, description="With a verified certificate, of the host's name.")
    product_data_authority: FilePath | None = Field(
        default=None, description="PEM file of an authority to trust beside the system's (SSL_CERT_FILE)."
    )

    @model_validator(mode="after")
    def _one_source_of_credentials(self) -> Self:
        check_credentials(
            "PRODUCT_DATA", self.product_data_username, self.product_data_password, self.product_data_secret
        )
        return self

    def credentials(self) -> CredentialSource:
        return credential_source(self.product_data_username, self.product_data_password, self.product_data_secret)


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
        database=settings.product_data_database,
        connect=connect,
        ssl=verifying_context(settings.product_data_authority) if settings.product_data_tls else False,
        min_size=0,
        max_size=connections,
        reset=reset,
        server_settings={"application_name": service},
    )
