"""The gateway's settings, read from environment variables."""

from pydantic import Field

from boutique_runtime.settings import HostAndPort, ServiceSettings


class GatewaySettings(ServiceSettings):
    """The settings of the API gateway."""

    product_catalog_service_addr: HostAndPort
    cart_service_addr: HostAndPort
    checkout_service_addr: HostAndPort
    payment_service_addr: HostAndPort
    content_addr: HostAndPort
    maximum_concurrent_requests: int = Field(default=200, ge=1, description="Further requests are refused.")
