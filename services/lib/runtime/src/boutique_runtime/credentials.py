"""How a service logs in to a store: as its environment says, or as a secret of AWS Secrets Manager says at that moment.

A secret's password may change at any time. Connections that are open stay so; a login that is refused reads the secret
again.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 300
_ANSWER_SECONDS = 2
_ATTEMPTS = 3

Connection = TypeVar("Connection")


class CredentialsError(ConnectionError):
    """The secret cannot be read, and was not before; the message tells nothing of its content."""


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str = field(repr=False)


class CredentialSource(Protocol):
    async def current(self) -> Credentials:
        """Raises CredentialsError."""

    async def replacing(self, refused: Credentials) -> Credentials:
        """What is right since a store refused these, as far as is known. Raises CredentialsError."""


class FixedCredentials:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def current(self) -> Credentials:
        return self._credentials

    async def replacing(self, refused: Credentials) -> Credentials:
        return refused


class SecretCredentials:
    """A secret whose text is JSON with "username" and "password", as RDS writes it, kept for some minutes.

    All who wait for it at the same time share one call. While Secrets Manager is away, what was read last counts.
    Where AWS is, and who asks, is told to botocore by the usual variables, such as AWS_ENDPOINT_URL.
    """

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client: Any = None
        self._known: Credentials | None = None
        self._known_until = 0.0
        self._reading: asyncio.Task[Credentials] | None = None

    async def current(self) -> Credentials:
        if self._known is not None and asyncio.get_running_loop().time() < self._known_until:
            return self._known
        try:
            return await self._read()
        except CredentialsError as error:
            if self._known is None:
                raise
            _log.warning("going on with the credentials read last", extra={"reason": str(error)})
            return self._known

    async def replacing(self, refused: Credentials) -> Credentials:
        # Of many logins that are refused at once, only the first must read.
        return self._known if self._known not in {None, refused} else await self._read()

    async def _read(self) -> Credentials:
        if self._reading is None:
            self._reading = asyncio.create_task(self._fetch())
            self._reading.add_done_callback(self._end_reading)
        # Whoever runs out of time leaves the call to those who wait on, or come next.
        return await asyncio.shield(self._reading)

    def _end_reading(self, task: "asyncio.Task[Credentials]") -> None:
        self._reading = None
        if not task.cancelled():
            task.exception()  # told to those who wait; when all have left, to nobody

    async def _fetch(self) -> Credentials:
        self._known = await asyncio.to_thread(self._ask)
        self._known_until = asyncio.get_running_loop().time() + _FRESH_SECONDS
        return self._known

    def _ask(self) -> Credentials:
        # Imported here: it takes time and 20 MB, which services on other platforms need not spend.
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        try:
            if self._client is None:
                self._client = botocore.session.get_session().create_client(
                    "secretsmanager",
                    region_name=self._arn.split(":")[3],
                    config=botocore.config.Config(
                        connect_timeout=_ANSWER_SECONDS,
                        read_timeout=_ANSWER_SECONDS,
                        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    ),
                )
            content = json.loads(self._client.get_secret_value(SecretId=self._arn)["SecretString"])
            return Credentials(content["username"], content["password"])
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise CredentialsError(f"{self._arn} cannot be read: {error}") from error
        except (KeyError, TypeError, ValueError):
            # Without the error itself, which may show a part of the secret.
            raise CredentialsError(f'{self._arn} is not JSON with "username" and "password"') from None


async def log_in(
    source: CredentialSource,
    attempt: Callable[[Credentials], Awaitable[Connection]],
    refusal: type[Exception],
) -> Connection:
    """Attempts it once more where the store refuses and there are other credentials by now.

    Raises CredentialsError, and what `attempt` raises, among it the `refusal`.
    """
    credentials = await source.current()
    try:
        return await attempt(credentials)
    except refusal:
        renewed = await source.replacing(credentials)
        if renewed == credentials:
            raise
    return await attempt(renewed)
