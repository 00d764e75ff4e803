"""The settings of the shipping service."""

from pydantic import Field

from boutique_runtime.settings import ServiceSettings


class ShippingSettings(ServiceSettings):
    """Reads the shipping service's environment variables."""

    port: int = Field(default=50051, ge=1, le=65535)
