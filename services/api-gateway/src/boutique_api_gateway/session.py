"""The session that a client sends in the body or as a cookie."""

from typing import Annotated

from fastapi import Cookie, HTTPException
from pydantic import Field

from boutique_api_gateway.messages import RequestModel
from boutique_contract.pydantic_types import Identifier

SessionCookie = Annotated[
    Identifier | None, Cookie(alias="session_id", description="Used if the body has no session_id.")
]


class Session(RequestModel):
    """A request that may name a session."""

    session_id: Identifier | None = Field(default=None, examples=["6f1c4b5e"])


def session_of(body: Session | None, cookie: str | None) -> str:
    """Returns the session id of the body, or else of the cookie. Raises HTTPException with 400."""
    session_id = (body and body.session_id) or cookie
    if not session_id:
        raise HTTPException(400, "session_id: is needed, in the body or as a cookie")
    return session_id
