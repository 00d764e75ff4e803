"""The settings of the checkout service."""

from pydantic import Field

from boutique_runtime.postgres import PostgresSettings
from boutique_runtime.settings import HostAndPort, ServiceSettings


class CheckoutSettings(ServiceSettings):
    """Reads the checkout service's environment variables."""

    port: int = Field(default=5050, ge=1, le=65535)
    product_data: PostgresSettings
    cart_service_addr: HostAndPort
    product_catalog_service_addr: HostAndPort
    currency_service_addr: HostAndPort
    payment_service_addr: HostAndPort
    shipping_service_addr: HostAndPort
    email_service_addr: HostAndPort
