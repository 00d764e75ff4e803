"""Visitors' sessions: a signed cookie, and a key in a store that expires when the session is not used.

A cookie is `<id>.<start time>.<signature>`. It stays the same for the whole session, since it identifies the cart.
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
"""A session ends this long after its last renewal."""

RENEWED_AFTER_SECONDS = 30
"""A session is renewed at most this often: most requests need one read of the replica, and no write."""

_ID_BYTES = 16
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Session:
    """A session, known to the browser by its signed cookie."""

    cookie: str
    is_renewed: bool
    """True if the browser must get the cookie again, for another LIFETIME_SECONDS."""


class Sessions:
    """The sessions of all visitors."""

    def __init__(self, store: SessionStore, signer: TimestampSigner) -> None:
        self._store = store
        self._signer = signer

    async def resume_or_start(self, cookie: str) -> Session:
        """Returns the session of this cookie, or a new session if the cookie is invalid or the session has ended.

        While the store is unavailable, sessions with a valid signature continue: visitors keep their carts, and the
        browser still drops the cookie after LIFETIME_SECONDS without use. A session younger than that also continues
        if the store does not have it: it cannot have ended, so an outage or a failover has lost it.
        """
        signed = self._verified(cookie)
        if signed is None:
            return await self._start()
        session_id, age_seconds = signed
        try:
            left = await self._store.seconds_left(session_id)
        except UnavailableError as error:
            _log.warning("continuing a session without the store", extra={"reason": str(error)})
            return Session(cookie, is_renewed=True)
        if left is None and age_seconds >= LIFETIME_SECONDS:
            return await self._start()
        is_due = left is None or left <= LIFETIME_SECONDS - RENEWED_AFTER_SECONDS
        if is_due:
            await self._keep(session_id)
        return Session(cookie, is_renewed=is_due)

    def _verified(self, cookie: str) -> tuple[str, float] | None:
        """Returns a valid cookie's session id and its age in seconds, else None."""
        shape = _COOKIE.fullmatch(cookie)
        if shape is None:
            return None
        try:
            _, started = self._signer.unsign(cookie, return_timestamp=True)
        except BadSignature:
            return None
        return shape[1], (datetime.now(UTC) - started).total_seconds()

    async def _start(self) -> Session:
        session_id = secrets.token_urlsafe(_ID_BYTES)
        await self._keep(session_id)
        return Session(self._signer.sign(session_id).decode(), is_renewed=True)

    async def _keep(self, session_id: str) -> None:
        try:
            await self._store.keep(session_id, LIFETIME_SECONDS)
        except UnavailableError as error:
            _log.warning("a session was not stored", extra={"reason": str(error)})


def create_signer(key: SecretStr) -> TimestampSigner:
    """Returns a signer that uses HMAC with SHA-256."""
    return TimestampSigner(
        key.get_secret_value(), salt="session_id", key_derivation="hmac", digest_method=hashlib.sha256
    )
