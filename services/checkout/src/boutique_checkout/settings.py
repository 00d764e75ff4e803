"""What the checkout service is told by its environment."""

from pydantic import Field, SecretStr

from boutique_shared.settings import HostAndPort, ServiceSettings


class CheckoutSettings(ServiceSettings):
    port: int = Field(default=5050, ge=1, le=65535)
    cart_service_addr: HostAndPort
    product_catalog_service_addr: HostAndPort
    currency_service_addr: HostAndPort
    payment_service_addr: HostAndPort
    shipping_service_addr: HostAndPort
    email_service_addr: HostAndPort
    product_data_addr: HostAndPort
    product_data_database: str
    product_data_username: str
    product_data_password: SecretStr | None = None
    product_data_tls: bool = Field(
        default=False, description="With a verified certificate; SSL_CERT_FILE adds an authority."
    )
