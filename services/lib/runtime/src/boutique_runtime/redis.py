"""Connections to a Redis.

Services that use it depend on redis themselves.
"""

import contextlib
import functools
from collections.abc import Iterator

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.credentials import UsernamePasswordCredentialProvider
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from boutique_runtime.credentials import Credentials, CredentialsError, CredentialSource, log_in
from boutique_runtime.errors import UnavailableError
from boutique_runtime.stores import StoreSettings


class RedisSettings(StoreSettings):
    """The settings of a Redis."""


def create_client(settings: RedisSettings, address: str, credentials: CredentialSource, *, retries: int) -> Redis:
    """Returns a client, which connects when first used and returns text. Its methods raise RedisError.

    Args:
        settings: How to connect.
        address: The server's "host:port".
        credentials: How to log in.
        retries: How often a lost command is sent again.
    """
    host, _, port = address.rpartition(":")
    return Redis(
        host=host,
        port=int(port),
        redis_connect_func=functools.partial(_log_in, credentials),
        ssl=settings.tls,
        # In addition to the system's CAs.
        ssl_ca_certs=str(settings.ca_certificate) if settings.ca_certificate else None,
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
    """Raises UnavailableError in place of a Redis error or a timeout.

    Args:
        store: The store's name in the error, such as "the cart store".
    """
    try:
        yield
    except (RedisError, TimeoutError) as error:
        raise UnavailableError(f"{store} does not answer: {type(error).__name__}") from error
