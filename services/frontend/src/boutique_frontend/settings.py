"""The storefront's settings, read from environment variables."""

from boutique_runtime.settings import HostAndPort, ServiceSettings


class FrontendSettings(ServiceSettings):
    """The settings of the storefront."""

    ad_service_addr: HostAndPort
    cart_service_addr: HostAndPort
    checkout_service_addr: HostAndPort
    currency_service_addr: HostAndPort
    product_catalog_service_addr: HostAndPort
    recommendation_service_addr: HostAndPort
    shipping_service_addr: HostAndPort
