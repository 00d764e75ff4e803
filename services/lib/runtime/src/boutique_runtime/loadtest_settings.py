"""The settings shared by the programs that simulate shoppers."""

from typing import Self

from pydantic import Field, model_validator

from boutique_runtime.settings import ServiceSettings


class LoadTestSettings(ServiceSettings):
    """Settings of a load test."""

    stay: bool = Field(default=False, description="Whether the process waits for SIGTERM after the run.")
    minimum_wait_seconds: float = Field(
        default=1, ge=0, le=60, description="The shortest pause of a user between two actions."
    )
    maximum_wait_seconds: float = Field(default=10, ge=0, le=60)
    startup_seconds: float = Field(default=300, ge=0, le=3_600, description="How long to wait for the shop to answer.")

    @model_validator(mode="after")
    def _check_wait(self) -> Self:
        if self.minimum_wait_seconds > self.maximum_wait_seconds:
            raise ValueError("MINIMUM_WAIT_SECONDS: must be at most MAXIMUM_WAIT_SECONDS")
        return self
