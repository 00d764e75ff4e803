"""Visitors' sessions: a cookie that only we can make, and a key in a store for as long as it is used.

A cookie is `<id>.<when it was begun>.<signature>` and stays the same for all of its session, since carts go by it.
"""

import hashlib
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadSignature, TimestampSigner
from pydantic import SecretStr

from boutique_runtime.errors import UnavailableError
from boutique_web_gateway.store import SessionStore

_log = logging.getLogger(__name__)

LIFETIME_SECONDS = 300
"""Since the last renewal."""

RENEWED_AFTER_SECONDS = 30
"""Since the last renewal: most requests then cost one read of the replica, and no write."""

_ID_BYTES = 16
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Session:
    cookie: str
    is_renewed: bool
    """Whether the browser is to be told, for another LIFETIME_SECONDS."""


class Sessions:
    def __init__(self, store: SessionStore, signer: TimestampSigner) -> None:
        self._store = store
        self._signer = signer

    async def resume_or_begin(self, cookie: str) -> Session:
        """The session of a request with this cookie, which may be anything; a new one where it is not ours or over.

        While the store is away, a session whose signature is ours goes on: its visitor keeps the cart, and the browser
        itself still forgets the cookie when it was not used for LIFETIME_SECONDS. One that has just begun also goes on
        where the store does not have it, as after an outage or a failover: too young to be over, it can only be lost.
        """
        signed = self._verified(cookie)
        if signed is None:
            return await self._begin()
        session_id, age_seconds = signed
        try:
            left = await self._store.seconds_left(session_id)
        except UnavailableError as error:
            _log.warning("a session goes on unseen", extra={"reason": str(error)})
            return Session(cookie, is_renewed=True)
        if left is None and age_seconds >= LIFETIME_SECONDS:
            return await self._begin()
        is_due = left is None or left <= LIFETIME_SECONDS - RENEWED_AFTER_SECONDS
        if is_due:
            await self._keep(session_id)
        return Session(cookie, is_renewed=is_due)

    def _verified(self, cookie: str) -> tuple[str, float] | None:
        """A cookie's id and the seconds since it was made."""
        shape = _COOKIE.fullmatch(cookie)
        if shape is None:
            return None
        try:
            _, begun = self._signer.unsign(cookie, return_timestamp=True)
        except BadSignature:
            return None
        return shape[1], (datetime.now(UTC) - begun).total_seconds()

    async def _begin(self) -> Session:
        session_id = secrets.token_urlsafe(_ID_BYTES)
        await self._keep(session_id)
        return Session(self._signer.sign(session_id).decode(), is_renewed=True)

    async def _keep(self, session_id: str) -> None:
        try:
            await self._store.keep(session_id, LIFETIME_SECONDS)
        except UnavailableError as error:
            _log.warning("a session is not kept", extra={"reason": str(error)})


def create_signer(key: SecretStr) -> TimestampSigner:
    """HMAC with SHA-256."""
    return TimestampSigner(
        key.get_secret_value(), salt="session_id", key_derivation="hmac", digest_method=hashlib.sha256
    )
