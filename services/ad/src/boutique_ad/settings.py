"""The settings of the ad service."""

from pydantic import Field

from boutique_runtime.settings import ServiceSettings


class AdSettings(ServiceSettings):
    """Reads the ad service's environment variables."""

    port: int = Field(default=9555, ge=1, le=65535)
