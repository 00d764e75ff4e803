"""What the recommendation service is told by its environment."""

from boutique_runtime.settings import HostAndPort, ServiceSettings


class RecommendationSettings(ServiceSettings):
    product_catalog_service_addr: HostAndPort
