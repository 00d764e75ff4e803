"""What the ad service is told by its environment."""

from pydantic import Field

from boutique_runtime.settings import ServiceSettings


class AdSettings(ServiceSettings):
    port: int = Field(default=9555, ge=1, le=65535)
