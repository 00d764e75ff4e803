"""What every program that simulates shoppers is told alike."""

from typing import Self

from pydantic import Field, model_validator

from boutique_runtime.settings import ServiceSettings


class LoadTestSettings(ServiceSettings):
    stay: bool = Field(default=False, description="Whether the process waits, idle, for SIGTERM after the run.")
    minimum_wait_seconds: float = Field(default=1, ge=0, le=60, description="A user's pause between two actions.")
    maximum_wait_seconds: float = Field(default=10, ge=0, le=60)
    startup_seconds: float = Field(default=300, ge=0, le=3_600, description="How long the shop is waited for.")

    @model_validator(mode="after")
    def _check_wait(self) -> Self:
        if self.minimum_wait_seconds > self.maximum_wait_seconds:
            raise ValueError("MINIMUM_WAIT_SECONDS: must be at most MAXIMUM_WAIT_SECONDS")
        return self
