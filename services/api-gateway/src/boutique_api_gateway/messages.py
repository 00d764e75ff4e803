"""What requests and answers have in common."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
"""Of a session, a product, or a request that counts once."""


class Given(BaseModel):
    """What a client sends: no type is turned into another. Fields that are not known are left alone."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


class Done(BaseModel):
    """It is done, and there is no more to say."""

    message: Literal["success"] = "success"


class Failure(BaseModel):
    """It is not done."""

    message: Literal["failure"] = "failure"
    reason: str = Field(description="What is wrong, where, and what is allowed.")
    request_id: str | None = Field(default=None, description="Of a fault of ours: where to find it in the logs.")
