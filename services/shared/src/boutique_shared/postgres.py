"""The shop's Postgres, in which each service that uses it has a schema of its own.

The service's package brings asyncpg; the others need not have it.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
from pydantic import Field, SecretStr

from boutique_shared.settings import HostAndPort, ServiceSettings

Prepare = Callable[[Any], Coroutine[Any, Any, None]]
"""Does something to a connection."""


class PostgresSettings(ServiceSettings):
    product_data_addr: HostAndPort
    product_data_database: str
    product_data_username: str
    product_data_password: SecretStr | None = None
    product_data_tls: bool = Field(
        default=False, description="With a verified certificate; SSL_CERT_FILE adds an authority."
    )


def create_pool(
    settings: PostgresSettings,
    address: str,
    *,
    service: str,
    connections: int,
    init: Prepare | None = None,
    reset: Prepare | None = None,
) -> asyncpg.Pool:
    """A pool of at most these connections to `address` ("host:port"), each opened when first needed.

    `service` is what Postgres calls them; `init` is done to each new one, `reset` to each that is given back.
    """
    host, _, port = address.rpartition(":")
    password = settings.product_data_password
    return asyncpg.create_pool(
        host=host,
        port=int(port),
        database=settings.product_data_database,
        user=settings.product_data_username,
        password=password.get_secret_value() if password else None,
        ssl=settings.product_data_tls,
        min_size=0,
        max_size=connections,
        init=init,
        reset=reset,
        server_settings={"application_name": service},
    )
