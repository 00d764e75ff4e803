"""Whose cart it is: the session that a client names in the body or in its cookie."""

from typing import Annotated

from fastapi import Cookie, HTTPException
from pydantic import Field

from boutique_api_gateway.messages import Given, Identifier

SessionCookie = Annotated[Identifier | None, Cookie(alias="session_id", description="Where the body names no session.")]


class Session(Given):
    session_id: Identifier | None = Field(default=None, examples=["6f1c4b5e"])


def session_of(body: Session | None, cookie: str | None) -> str:
    """The body's, else the cookie's. Raises HTTPException with 400."""
    session_id = (body and body.session_id) or cookie
    if not session_id:
        raise HTTPException(400, "session_id: is needed, in the body or as a cookie")
    return session_id
