"""What the payment service is told by its environment."""

from pydantic import Field

from boutique_runtime.settings import ServiceSettings


class PaymentSettings(ServiceSettings):
    port: int = Field(default=50051, ge=1, le=65535)
    processing_seconds: float = Field(
        default=0, ge=0, le=60, description="How long a charge takes, as a real processor's would."
    )
