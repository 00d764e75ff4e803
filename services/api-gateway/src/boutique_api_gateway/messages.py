"""Models that requests and responses share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RequestModel(BaseModel):
    """Base of request bodies. Values are not converted to other types; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


class Acknowledgement(BaseModel):
    """Response of a request that succeeded."""

    message: Literal["success"] = "success"


class Failure(BaseModel):
    """Response of a request that failed."""

    message: Literal["failure"] = "failure"
    reason: str = Field(description="Names the field and what is allowed.")
    request_id: str | None = Field(default=None, description="Sent with status 500: finds the error in the logs.")
