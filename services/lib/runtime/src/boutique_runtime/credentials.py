"""The credentials of a store: from environment variables, or from a secret of AWS Secrets Manager.

A secret's password may change at any time. Open connections stay open; a login that is refused reads the secret again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from boutique_runtime.refreshing import Refreshing

_FRESH_SECONDS = 300
_TIMEOUT_SECONDS = 2
_ATTEMPTS = 3

Connection = TypeVar("Connection")


class CredentialsError(ConnectionError):
    """The secret cannot be read. The message has nothing of its content."""


@dataclass(frozen=True)
class Credentials:
    """A user name and a password."""

    username: str
    password: str = field(repr=False)


class CredentialSource(Protocol):
    """The credentials of a store, which may change."""

    async def current(self) -> Credentials:
        """Returns the credentials. Raises CredentialsError."""

    async def replacing(self, refused: Credentials) -> Credentials:
        """Returns the newest credentials, now that a store has refused these. Raises CredentialsError."""


class FixedCredentials:
    """Credentials that never change."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def current(self) -> Credentials:
        """Returns the credentials."""
        return self._credentials

    async def replacing(self, refused: Credentials) -> Credentials:
        """Returns the refused credentials."""
        return refused


class SecretCredentials:
    """Credentials in a secret, whose text is JSON with "username" and "password", as RDS writes it.

    The secret is kept for some minutes. While Secrets Manager is down, the last credentials are used. botocore reads
    the region's endpoint and the AWS credentials from the usual environment variables, such as AWS_ENDPOINT_URL.
    """

    def __init__(self, arn: str, *, fresh_seconds: float = _FRESH_SECONDS, attempts: int = _ATTEMPTS) -> None:
        """Creates it without reading the secret.

        Args:
            arn: The secret's ARN.
            fresh_seconds: How long the secret is kept.
            attempts: How often a read is tried.
        """
        self._arn = arn
        self._attempts = attempts
        self._client: Any = None
        self._secret = Refreshing(
            self._load,
            fresh_seconds=fresh_seconds,
            stale_seconds=fresh_seconds,
            wait_seconds=_TIMEOUT_SECONDS * attempts,
            failures=(CredentialsError,),
        )

    async def current(self) -> Credentials:
        """Returns the secret's credentials. Raises CredentialsError if they were never read."""
        return await self._secret.get()

    async def replacing(self, refused: Credentials) -> Credentials:
        """Returns the newest credentials, now that a store has refused these. Raises CredentialsError."""
        # Of many logins that are refused at once, only the first has to read the secret.
        known = self._secret.latest
        return known if known is not None and known != refused else await self._secret.refresh()

    async def _load(self) -> Credentials:
        return await asyncio.to_thread(self._read)

    def _read(self) -> Credentials:
        # Imported here: it takes time and 20 MB, which services without secrets need not spend.
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        try:
            if self._client is None:
                self._client = botocore.session.get_session().create_client(
                    "secretsmanager",
                    region_name=self._arn.split(":")[3],
                    config=botocore.config.Config(
                        connect_timeout=_TIMEOUT_SECONDS,
                        read_timeout=_TIMEOUT_SECONDS,
                        retries={"mode": "standard", "total_max_attempts": self._attempts},
                    ),
                )
            content = json.loads(self._client.get_secret_value(SecretId=self._arn)["SecretString"])
            return Credentials(content["username"], content["password"])
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise CredentialsError(f"{self._arn} cannot be read: {error}") from error
        except (KeyError, TypeError, ValueError):
            # Without the original error, which may contain a part of the secret.
            raise CredentialsError(f'{self._arn} is not JSON with "username" and "password"') from None


async def log_in(
    source: CredentialSource,
    attempt: Callable[[Credentials], Awaitable[Connection]],
    refusal: type[Exception],
) -> Connection:
    """Logs in, and tries again if the store refuses and the credentials have changed.

    Args:
        source: The credentials.
        attempt: Logs in once.
        refusal: The error by which `attempt` says that the store refused the credentials.

    Raises:
        CredentialsError: The credentials cannot be read.
        Exception: What `attempt` raises.
    """
    credentials = await source.current()
    try:
        return await attempt(credentials)
    except refusal:
        renewed = await source.replacing(credentials)
        if renewed == credentials:
            raise
    return await attempt(renewed)
