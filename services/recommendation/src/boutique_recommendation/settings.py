"""The settings of the recommendation service."""

from boutique_runtime.settings import HostAndPort, ServiceSettings


class RecommendationSettings(ServiceSettings):
    """Reads the recommendation service's environment variables."""

    product_catalog_service_addr: HostAndPort
