"""A store that is a Redis, with or without a replica: what a service is told of it, and how it connects.

The service's package brings redis; the others need not have it.
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import Field, FilePath, SecretStr, model_validator
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.credentials import UsernamePasswordCredentialProvider
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from boutique_runtime.credentials import (
    Credentials,
    CredentialsError,
    CredentialSource,
    check_credentials,
    credential_source,
    log_in,
)
from boutique_runtime.errors import UnavailableError
from boutique_runtime.settings import HostAndPort, SecretArn, ServiceSettings


class RedisSettings(ServiceSettings):
    """Reads REDIS_ADDR and so on; a subclass whose variables begin otherwise says how, as `variables`."""

    variables: ClassVar[str] = "REDIS"

    redis_addr: HostAndPort
    redis_replica_addr: HostAndPort | None = None
    redis_username: str | None = None
    redis_password: SecretStr | None = None
    redis_secret: SecretArn | None = None
    redis_tls: bool = Field(default=False, description="With a verified certificate, of the host's name.")
    redis_authority: FilePath | None = Field(
        default=None, description="PEM file of an authority to trust beside the system's (SSL_CERT_FILE)."
    )

    @model_validator(mode="after")
    def _one_source_of_credentials(self) -> Self:
        check_credentials(self.variables, self.redis_username, self.redis_password, self.redis_secret)
        return self

    def credentials(self) -> CredentialSource:
        return credential_source(self.redis_username, self.redis_password, self.redis_secret)


def create_client(settings: RedisSettings, address: str, credentials: CredentialSource, *, retries: int) -> Redis:
    """A client of the server at `address` ("host:port"), which connects when first used and answers text.

    What is lost is sent again, up to `retries` times. Raises RedisError from its methods.
    """
    host, _, port = address.rpartition(":")
    return Redis(
        host=host,
        port=int(port),
        redis_connect_func=functools.partial(_log_in, credentials),
        ssl=settings.redis_tls,
        # Beside the system's authorities.
        ssl_ca_certs=str(settings.redis_authority) if settings.redis_authority else None,
        decode_responses=True,
        socket_timeout=2,
        socket_connect_timeout=1,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), retries),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


async def _log_in(source: CredentialSource, connection: AbstractConnection) -> None:
    async def attempt(credentials: Credentials) -> None:
        connection.credential_provider = UsernamePasswordCredentialProvider(credentials.username, credentials.password)
        await connection.on_connect()

    try:
        await log_in(source, attempt, AuthenticationError)
    except CredentialsError as error:
        raise RedisConnectionError(str(error)) from error


@contextlib.contextmanager
def unavailable_without(store: str) -> Iterator[None]:
    """Raises UnavailableError in place of any error of Redis, and of a timeout.

    Args:
        store: What the error calls the store, such as "the cart store".
    """
    try:
        yield
    except (RedisError, TimeoutError) as error:
        raise UnavailableError(f"{store} does not answer: {type(error).__name__}") from error
