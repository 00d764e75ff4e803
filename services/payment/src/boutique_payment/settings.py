"""The settings of the payment service."""

from pydantic import Field

from boutique_runtime.settings import ServiceSettings


class PaymentSettings(ServiceSettings):
    """Reads the payment service's environment variables."""

    port: int = Field(default=50051, ge=1, le=65535)
    processing_seconds: float = Field(default=0, ge=0, le=60, description="How long a charge takes.")
