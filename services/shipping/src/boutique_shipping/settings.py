"""What the shipping service is told by its environment."""

from pydantic import Field

from boutique_runtime.settings import ServiceSettings


class ShippingSettings(ServiceSettings):
    port: int = Field(default=50051, ge=1, le=65535)
